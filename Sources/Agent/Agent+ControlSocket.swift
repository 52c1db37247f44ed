internal import ControlSocket
internal import HostConfiguration
internal import Linux
internal import Protection
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
      let sockets = passed.filter {
        !Witness.isOurs($0.name) && !ChallengeKey.isOurs($0.name)
      }
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

  /// How long the socket's unit is down before we make way for it, and how often at most:
  /// microseconds.
  private static let socketPatience: UInt64 = 2_000_000
  private static let socketPace: UInt64 = 30_000_000

  /// PID 1 does not listen again while we run, so trying would be for nothing. Nobody is locked out
  /// meanwhile: we listen by ourselves. A start of ours brings the unit back (`Wants=`), and once
  /// things are quiet that is worth one.
  func socketIsDown() {
    let uptime = Clock.monotonicMicroseconds() - startedAt
    guard healing.socketReturn == nil else { return }
    let wait = uptime < Self.socketPace ? Self.socketPace - uptime : 0
    healing.socketReturn = try? loop.after(
      microseconds: max(wait, Self.socketPatience), accuracy: 1_000_000
    ) { [weak self] in
      guard let self else { return }
      healing.socketReturn = nil
      manager.reports(of: [Own.socket]) { [weak self] reports in
        guard let self, let report = reports.first, !report.isUp, isFree,
          machine.state.grant == nil, shutdown == nil
        else { return }
        Announcer.say(.trouble, .notice, "The daemon starts again so that its socket unit can.")
        stop()
      }
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
