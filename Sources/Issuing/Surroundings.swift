internal import Linux

/// What the issuer takes from the machine it runs on; tests pass their own.
package struct Surroundings: Sendable {
  /// The wall clock, in seconds since the epoch.
  package let now: @Sendable () -> Int64
  /// That many random bytes, from a cryptographic source.
  package let random: @Sendable (_ count: Int) -> [UInt8]
  /// A time, given in seconds since the epoch, as the person at this machine would write it.
  package let describe: @Sendable (_ time: Int64) -> String

  package init(
    now: @escaping @Sendable () -> Int64,
    random: @escaping @Sendable (_ count: Int) -> [UInt8],
    describe: @escaping @Sendable (_ time: Int64) -> String
  ) {
    self.now = now
    self.random = random
    self.describe = describe
  }

  /// The real clock and the kernel's random numbers.
  package static func real(
    describe: @escaping @Sendable (_ time: Int64) -> String
  ) -> Surroundings {
    Surroundings(now: { Clock.wall() }, random: { Random.bytes($0) }, describe: describe)
  }
}
