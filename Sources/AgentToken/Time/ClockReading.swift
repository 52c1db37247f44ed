/// What a machine's clocks show at one moment.
package struct ClockReading: Sendable, Equatable {
  /// The wall clock, microseconds since the epoch. Whoever is root can set it.
  package let wall: Int64
  /// CLOCK_BOOTTIME in microseconds. Nobody can set it, but see `isShifted`.
  package let boottime: Int64
  /// Which boot that is; empty where it cannot be told.
  package let bootID: String
  /// CLOCK_BOOTTIME here is not PID 1's: a time namespace (time_namespaces(7)) moves it.
  package let isShifted: Bool

  package init(wall: Int64, boottime: Int64, bootID: String, isShifted: Bool = false) {
    self.wall = wall
    self.boottime = boottime
    self.bootID = bootID
    self.isShifted = isShifted
  }

  /// Whole seconds since the epoch, rounded down.
  package var wallSeconds: Int64 { ClockState.seconds(wall) }
}
