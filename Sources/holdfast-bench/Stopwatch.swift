import Foundation

/// Measuring how long and how often.
enum Stopwatch {
  /// How long `body` takes: milliseconds.
  static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .milliseconds(1)
  }

  /// How often a second `body` can be run, one time after the other, in each of several spells.
  ///
  /// - Parameter onOneCore: seconds are those that this thread got of a processor, so that others
  ///   on the machine do not count; else seconds as they pass.
  static func perSecond(
    spells: Int, seconds: Double, onOneCore: Bool = false, _ body: () throws -> Void
  ) rethrows -> Sample {
    let clock = onOneCore ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC
    return Sample(
      try (0..<spells).map { _ in
        let start = now(clock)
        var count = 0.0
        var spent = 0.0
        repeat {
          try body()
          count += 1
          spent = now(clock) - start
        } while spent < seconds
        return count / spent
      })
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    // Fails only for a clock that the kernel does not know.
    _ = clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
