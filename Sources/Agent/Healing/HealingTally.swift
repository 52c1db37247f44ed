/// How often a service was healed, how long it was down for that, and what of it goes on record.
///
/// A fight is answered at full speed and recorded at a bounded rate: the same damage once in a
/// while, different ones each, up to a limit. Times are CLOCK_MONOTONIC in microseconds.
package struct HealingTally: Sendable {
  package private(set) var count: Int64 = 0
  /// Microseconds.
  package private(set) var downtime: UInt64 = 0
  /// Nil while it is up.
  package var downSince: UInt64?
  /// When each kind of damage was last recorded.
  private var recorded: [String: UInt64] = [:]
  private var unrecorded = 0

  /// The same damage is recorded once in this time.
  package static let every: UInt64 = 5_000_000
  /// Different ones within that time, at most.
  package static let most = 20

  package init() {}

  /// The service is up again.
  ///
  /// - Returns: how long it was down: microseconds; nil where it was not.
  package mutating func rose(now: UInt64) -> UInt64? {
    guard let since = downSince else { return nil }
    downSince = nil
    downtime += now - since
    return now - since
  }

  /// Counts a healing.
  ///
  /// - Parameter damage: what was damaged; numbers in it do not make it another.
  /// - Returns: how many were not recorded before this one, if it is to be recorded.
  package mutating func healed(_ damage: String, now: UInt64) -> Int? {
    count += 1
    recorded = recorded.filter { now < $0.value + Self.every }
    let kind = String(damage.filter { !$0.isASCII || !("0"..."9").contains($0) })
    guard recorded[kind] == nil, recorded.count < Self.most else {
      unrecorded += 1
      return nil
    }
    recorded[kind] = now
    defer { unrecorded = 0 }
    return unrecorded
  }
}
