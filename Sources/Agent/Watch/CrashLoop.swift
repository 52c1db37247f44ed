/// Tells a service that ends by itself again and again from one that is killed: the first is
/// started again after a while only, the other at once.
///
/// Only an exit with an error counts, so that nobody can use the delay to keep a service down by
/// signals: one that is killed, or that answers a signal with an exit its unit calls a success,
/// ends the loop. It has to have gone on for some seconds, in which a damaged file is long back.
package struct CrashLoop: Sendable, Equatable {
  /// Seconds that PID 1 is to wait before it starts the service again.
  package private(set) var delay = 0
  private var count = 0
  private var first: UInt64 = 0
  private var last: UInt64 = 0

  /// This many exits make a loop, where they go on for `duration` with no `pause` in between.
  /// Microseconds.
  package static let exits = 10
  package static let duration: UInt64 = 5_000_000
  package static let pause: UInt64 = 10_000_000
  /// Who has run for so long has mended: microseconds.
  package static let stable: UInt64 = 30_000_000
  /// Seconds: a bounded load, and soon enough for who has mended it meanwhile.
  package static let longDelay = 2

  package init() {}

  /// The main process ended.
  ///
  /// - Parameters:
  ///   - bySelf: with an error, and not by a signal.
  ///   - at: CLOCK_MONOTONIC microseconds.
  /// - Returns: whether the delay is another now.
  package mutating func ended(bySelf: Bool, at: UInt64) -> Bool {
    guard at != last else { return false }  // said twice
    let before = delay
    if !bySelf {
      self = CrashLoop()
    } else if count == 0 || at > last + Self.pause {
      (count, first) = (1, at)
    } else {
      count += 1
      if count >= Self.exits, at - first >= Self.duration { delay = Self.longDelay }
    }
    last = at
    return delay != before
  }

  /// Whether it has been running for long enough to be forgotten.
  ///
  /// - Parameter now: CLOCK_MONOTONIC microseconds.
  package func isOver(now: UInt64) -> Bool { now > last + Self.stable }
}
