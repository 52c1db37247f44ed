package import Linux

/// Accepts connections on the control socket and keeps their number within limits.
///
/// When it is full, the longest idle connection gives way to a newcomer, so nobody can hold the
/// door shut.
package final class ControlServer {
  package var limits: ConnectionLimits
  private let loop: EventLoop
  private let handle: (ControlRequest, ControlConnection) -> Void
  private var connections: [ObjectIdentifier: ControlConnection] = [:]
  private var listeners: [(FileDescriptor, EventSource)] = []
  /// Accepted per wake-up: fewer than fit, so that in a flood whoever was just accepted is read from
  /// before newcomers could push it out again.
  private static let batch = 4

  package init(
    loop: EventLoop, limits: ConnectionLimits = ConnectionLimits(),
    handle: @escaping (ControlRequest, ControlConnection) -> Void
  ) {
    self.loop = loop
    self.limits = limits
    self.handle = handle
  }

  /// Starts to accept on a listening socket.
  package func listen(on socket: FileDescriptor) throws(SystemError) {
    try socket.setNonBlocking(true)
    let source = try loop.watch(socket.raw, for: [.in]) { [weak self] _ in self?.accept(on: socket)
    }
    listeners.append((socket, source))
  }

  package var connectionCount: Int { connections.count }

  /// Closes everything, what is being answered included.
  package func close() {
    for (_, source) in listeners { source.cancel() }
    listeners = []
    for connection in Array(connections.values) { connection.close() }
  }

  private func accept(on listener: FileDescriptor) {
    for _ in 0..<Self.batch {
      // A client that left again before it was accepted is no reason to stop accepting.
      guard let socket = try? UnixSocket.accept(listener.raw) else { return }
      guard let peer = try? Peer.of(socket: socket.raw) else { continue }
      makeRoom(for: peer.uid)
      guard
        let connection = try? ControlConnection(
          loop: loop, socket: socket, peer: peer, lineTimeout: limits.lineTimeout, handle: handle,
          removed: { [weak self] in self?.connections[ObjectIdentifier($0)] = nil })
      else { continue }
      connections[ObjectIdentifier(connection)] = connection
      // Most have sent their request by now, and need not fear the next newcomer.
      connection.begin()
    }
  }

  private func makeRoom(for uid: UInt32) {
    // Those that wait for their turn with a token that verified are few, and stay.
    let all = connections.values.filter { !$0.isHeld && !$0.isKept }
    let own = all.filter { $0.peer.uid == uid }
    if own.count >= limits.connectionsPerUser {
      Self.longestIdle(own)?.close()
    }
    if all.count >= limits.connections {
      Self.longestIdle(all)?.close()
    }
  }

  /// Who waits for an answer gives way late, and who had no time to ask yet last.
  private static func longestIdle(_ connections: [ControlConnection]) -> ControlConnection? {
    func rank(_ connection: ControlConnection) -> Int {
      connection.isNew ? 2 : connection.isAnswering ? 1 : 0
    }
    return connections.min { (rank($0), $0.lastActive) < (rank($1), $1.lastActive) }
  }
}
