/// What one caller may take of the control socket (control socket contract, Limits).
package struct ConnectionLimits: Sendable, Equatable {
  package var connections: Int
  package var connectionsPerUser: Int
  /// For a complete line, and for reading a reply: microseconds.
  package var lineTimeout: UInt64

  package init(
    connections: Int = 64, connectionsPerUser: Int = 16, lineTimeout: UInt64 = 10_000_000
  ) {
    self.connections = connections
    self.connectionsPerUser = connectionsPerUser
    self.lineTimeout = lineTimeout
  }
}
