package import AgentToken
package import JSON

/// What the courier works for: holdfastd in production, something simulated in a test.
package protocol Host: Sendable {
  /// Asks with one line, without its line feed.
  ///
  /// - Returns: the reply, which says `ok`.
  /// - Throws: what holdfastd refuses with, `host_unreachable`, `busy`.
  func ask(_ line: String) async throws(Refusal) -> JSON

  /// The ledger's records from a sequence on: at most `LinkLimits.records`, and `LinkLimits.ledger`
  /// bytes.
  func records(since sequence: Int64) async throws(Refusal) -> LedgerBatch

  /// Says that the link is up, and keeps it up until this task is cancelled.
  ///
  /// - Parameter onReply: called with holdfastd's reply, and with each further one: it is asked again
  ///   from time to time, for a fresh nonce.
  /// - Throws: what holdfastd refuses with, `host_unreachable` where it goes.
  func holdUp(
    cluster: String, _ onReply: @escaping @Sendable (JSON) async -> Void
  ) async throws

  /// Calls for each change of the state, until holdfastd goes.
  func watch(_ onChange: @escaping @Sendable () async -> Void) async throws

  /// What the kernel calls this machine.
  var hostname: String { get }
}

/// Records of the ledger, as they are in it.
package struct LedgerBatch: Sendable, Equatable {
  /// Each line with its line feed.
  package var lines: [UInt8]
  package var count: Int
  /// The sequence after the last one's.
  package var next: Int64

  package init(lines: [UInt8] = [], count: Int = 0, next: Int64) {
    self.lines = lines
    self.count = count
    self.next = next
  }
}

extension Refusal.Code {
  /// holdfastd does not answer.
  package static let hostUnreachable = Self(rawValue: "host_unreachable")
}
