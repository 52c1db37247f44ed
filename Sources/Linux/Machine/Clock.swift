internal import Glibc

/// The kernel's clocks: clock_gettime(2).
package enum Clock {
  /// Whole seconds since the epoch, rounded down. Anyone with the privilege can set it.
  package static func wall() -> Int64 {
    Int64(now(CLOCK_REALTIME).tv_sec)
  }

  /// Microseconds since the epoch.
  package static func wallMicroseconds() -> Int64 {
    let time = now(CLOCK_REALTIME)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }

  /// Microseconds since the machine started, those it slept through included. Nobody can set it.
  package static func boottimeMicroseconds() -> UInt64 {
    microseconds(CLOCK_BOOTTIME)
  }

  /// Whole seconds of CLOCK_BOOTTIME, rounded down.
  package static func boottimeSeconds() -> Int64 {
    Int64(boottimeMicroseconds() / 1_000_000)
  }

  /// CLOCK_BOOTTIME so many microseconds from now, or as late as can be said.
  static func boottime(in microseconds: UInt64) -> UInt64 {
    let (sum, overflow) = boottimeMicroseconds().addingReportingOverflow(microseconds)
    return overflow ? .max : sum
  }

  /// Microseconds since the machine started, without those it slept through.
  package static func monotonicMicroseconds() -> UInt64 {
    microseconds(CLOCK_MONOTONIC)
  }

  /// Waits, and does nothing else: not for the daemon. A signal ends it early.
  package static func sleep(microseconds: UInt64) {
    var time = timespec(
      tv_sec: Int(clamping: microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000
    )
    _ = nanosleep(&time, nil)
  }

  private static func microseconds(_ clock: clockid_t) -> UInt64 {
    let time = now(clock)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }

  private static func now(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // Fails only for a clock that the kernel does not know.
    _ = clock_gettime(clock, &time)
    return time
  }
}
