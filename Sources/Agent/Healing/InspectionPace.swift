/// How soon the next inspection may be: at once for what is new, but with a breath in between, so
/// that whoever damages things without end keeps the daemon from nothing else.
///
/// Times are CLOCK_MONOTONIC in microseconds.
package struct InspectionPace: Sendable {
  private var last: UInt64?
  /// When inspections found something to mend, of the last few seconds.
  private var mends: [UInt64] = []

  /// Between two inspections.
  package static let breath: UInt64 = 10_000
  /// The same in a fight: still well within the second in which things are put right.
  package static let fightingBreath: UInt64 = 250_000
  /// A fight is this many inspections with something to mend, within `memory`.
  package static let fight = 20
  package static let memory: UInt64 = 5_000_000

  package init() {}

  /// How long to wait before the next inspection.
  package func wait(now: UInt64) -> UInt64 {
    guard let last else { return 0 }
    let breath = mends.count >= Self.fight ? Self.fightingBreath : Self.breath
    return now >= last + breath ? 0 : last + breath - now
  }

  package mutating func inspected(now: UInt64, mended: Bool) {
    last = now
    mends.removeAll { $0 + Self.memory < now }
    if mended { mends.append(now) }
  }
}
