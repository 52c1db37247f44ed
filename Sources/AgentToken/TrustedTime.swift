/// The time that tokens are judged by, made by whoever answers for the clock.
package struct TrustedTime: Sendable, Equatable {
  /// Whole seconds since the epoch, rounded down, within 0 … 253402300799.
  package let now: Int64

  /// What is out of range becomes its nearer end.
  package init(now: Int64) {
    self.now = min(max(now, Timestamp.range.lowerBound), Timestamp.range.upperBound)
  }
}
