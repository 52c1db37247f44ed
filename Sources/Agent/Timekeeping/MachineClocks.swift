internal import AgentToken
internal import Linux

/// The clocks of the machine that this runs on.
struct MachineClocks {
  private let bootID = Machine.bootID()
  /// A process cannot be moved to another time namespace while it runs, nor can PID 1.
  private let isShifted: Bool
  /// PID 1's time namespace cannot be seen; then it is taken for this one.
  let isBlind: Bool

  init() {
    let differs = TimeNamespace.differsFromFirstProcess()
    isShifted = differs ?? false
    isBlind = differs == nil
  }

  func read() -> ClockReading {
    ClockReading(
      wall: Clock.wallMicroseconds(), boottime: Int64(clamping: Clock.boottimeMicroseconds()),
      bootID: bootID, isShifted: isShifted)
  }
}
