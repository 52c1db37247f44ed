/// Counts failed tokens per user, so that guessing and filling the ledger are slow.
///
/// Only failures are limited: a token that verifies is served whatever else is knocking.
package struct FailureLimit: Sendable {
  /// Failures per uid and minute that are answered with their own code.
  package var perMinute: Int
  private var counts: [UInt32: (since: UInt64, failures: Int)] = [:]
  private static let minute: UInt64 = 60_000_000

  package init(perMinute: Int) { self.perMinute = perMinute }

  /// Counts one failure.
  ///
  /// - Parameter now: CLOCK_BOOTTIME, microseconds.
  /// - Returns: nil while under the limit, else the seconds until it is lifted.
  package mutating func fail(uid: UInt32, now: UInt64) -> Int64? {
    counts = counts.filter { now < $0.value.since + Self.minute }
    var entry = counts[uid] ?? (since: now, failures: 0)
    entry.failures += 1
    counts[uid] = entry
    guard entry.failures > perMinute else { return nil }
    return Int64((entry.since + Self.minute - now + 999_999) / 1_000_000)
  }
}
