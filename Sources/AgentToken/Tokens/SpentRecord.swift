/// When and where a token was used.
package struct SpentRecord: Sendable, Equatable {
  /// Seconds since the epoch.
  package let at: Int64
  /// The sequence of the ledger record that says so.
  package let record: Int64

  package init(at: Int64, record: Int64) {
    self.at = at
    self.record = record
  }
}
