internal import Configuration
internal import ControlSocket
internal import Linux
internal import Shields

/// The way in: the control socket, from systemd where it has one for us, else our own.
extension Agent {
  func openControlSocket() {
    let server = ControlServer(loop: loop) { [weak self] request, connection in
      self?.answer(request, connection)
    }
    self.server = server
    applyLimits()
    do throws(SystemError) {
      let sockets = passed.filter { !Witness.isOurs($0.name) }
      for (_, socket) in sockets { try server.listen(on: socket) }
      if sockets.isEmpty || !leadsToSystemd {
        try bindControlSocket()
      } else {
        door = try Files.status(paths.controlSocket)
      }
    } catch {
      Announcer.say(.trouble, .error, "Nobody can be let in: the control socket fails: \(error)")
    }
  }

  /// Whether the socket's file is that of the socket which systemd listens on for us, and not what
  /// was put in its place: the kernel says who listens (SO_PEERCRED in unix(7)).
  private var leadsToSystemd: Bool {
    do throws(SystemError) {
      let socket = try UnixSocket.connect(paths.controlSocket, timeout: 100_000)
      return try Peer.of(socket: socket).pid == 1
    } catch {
      return error.isTimeout  // its queue is full, so it is in use
    }
  }

  /// Puts the socket's file back where it was removed or replaced: who has a token must get in.
  ///
  /// - Returns: whether that was needed, and worked.
  func mendControlSocket() -> Bool {
    let now = (try? Files.status(paths.controlSocket)) ?? nil
    if let now, let door, now.inode == door.inode, now.device == door.device, now.mode == door.mode
    {
      return false
    }
    do throws(SystemError) {
      try board.bench.remove(paths.controlSocket)
      try bindControlSocket()
      return true
    } catch {
      return false
    }
  }

  /// Also without the socket unit, for whatever reason: nobody is locked out.
  private func bindControlSocket() throws(SystemError) {
    try Files.makeDirectory(Files.directory(of: paths.controlSocket), mode: 0o755, parents: true)
    try server?.listen(on: UnixSocket.listen(paths.controlSocket, mode: 0o666))
    door = try Files.status(paths.controlSocket)
  }

  func applyLimits() {
    let limits = settings.current.control
    server?.limits = ConnectionLimits(
      connections: limits.maxConnections, connectionsPerUser: limits.maxConnectionsPerUser,
      lineTimeout: limits.firstLineTimeout)
  }
}
