/// Which changes of the link go on record: so many a minute, and the others counted, so that a link
/// that comes and goes fills no ledger.
struct LinkRecords {
  static let perMinute = 6
  /// Microseconds.
  static let minute: UInt64 = 60_000_000

  private var began: UInt64?
  private var written = 0
  private var passedOver = 0

  /// Takes in a change.
  ///
  /// - Parameter now: microseconds of a clock that never goes back.
  /// - Returns: whether it is to be recorded.
  mutating func take(at now: UInt64) -> Bool {
    if began.map({ now >= $0 + Self.minute }) ?? true { (began, written) = (now, 0) }
    guard written < Self.perMinute else {
      passedOver += 1
      return false
    }
    written += 1
    return true
  }

  /// Takes out the changes that were not recorded: how many there were.
  mutating func takePassedOver() -> Int {
    defer { passedOver = 0 }
    return passedOver
  }
}
