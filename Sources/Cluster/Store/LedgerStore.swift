package import AgentToken

/// A record of an agent's ledger, as it came.
package struct LedgerLine: Sendable, Equatable {
  package let sequence: Int64
  package let time: Int64
  package let event: String
  /// Without its line feed.
  package let text: String

  package init(sequence: Int64, time: Int64, event: String, text: String) {
    self.sequence = sequence
    self.time = time
    self.event = event
    self.text = text
  }
}

package protocol LedgerStore: Sendable {
  /// Adds records that follow what is there, and what comes of them: once this has returned they may
  /// be acknowledged. Of two records of one sequence, which only a ledger that was set back or
  /// begun anew has, both are kept and `ledger` shows the later one, up to `position`.
  ///
  /// - Parameters:
  ///   - size: where the ledger was when the records were checked.
  ///   - position: where it is with them.
  ///   - uses: by the token's id.
  /// - Throws: `conflict` where the ledger is not at `size` any more; nothing is kept then.
  func append(
    _ lines: [LedgerLine], to agent: String, from size: Int64, position: LedgerPosition,
    uses: [String: IssuedTokenRecord.Use], alarms: [Alarm]
  ) async throws(Refusal)
  /// From a sequence on, in order.
  func ledger(
    of agent: String, since: Int64, limit: Int
  ) async throws(Refusal) -> [LedgerLine]
}
