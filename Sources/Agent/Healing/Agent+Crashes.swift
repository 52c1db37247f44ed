internal import Linux
internal import Protection
internal import Shields

/// Services that end by themselves again and again are started at a bounded rate.
extension Agent {
  /// The main process of a service ended.
  func ended(_ service: ServiceDefinition, _ exit: MainExit) {
    let unit = service.unit
    guard exit.failure != nil || crashes[unit] != nil else { return }
    guard crashes[unit, default: CrashLoop()].ended(bySelf: exit.failure != nil, at: exit.at)
    else { return lookAtCrashesLater() }
    if let status = exit.failure {
      let what = "ends by itself again and again (exit status \(status))"
      Announcer.say(
        .trouble, .warning,
        "\(unit) \(what); it is started every \(CrashLoop.longDelay) seconds until it stays up.",
        [("UNIT", unit)])
      recorder.event("crash_loop", outcome: unit, details: [("status", "\(status)")])
    }
    applyDelay(of: unit)
    lookAtCrashesLater()
  }

  /// Once, a while after the last exit of all: nothing is looked at while all run.
  private func lookAtCrashesLater() {
    guard crashCheck == nil else { return }
    crashCheck = try? loop.after(microseconds: CrashLoop.stable, accuracy: 1_000_000) {
      [weak self] in
      guard let self else { return }
      crashCheck = nil
      let now = Clock.monotonicMicroseconds()
      for (unit, loop) in crashes where loop.isOver(now: now) {
        crashes[unit] = nil
        if loop.delay > 0 {
          recorder.event("crash_loop_over", outcome: unit)
          applyDelay(of: unit)
        }
      }
      if !crashes.isEmpty { lookAtCrashesLater() }
    }
  }

  private func applyDelay(of unit: String) {
    // Under way already with all the rest, or not to be protected just now.
    guard isFree, let service = enforced.first(where: { $0.unit == unit }) else { return }
    if board.engage(service, [.unit]).needsReload { reloadIf(true) {} }
    // It may be waiting for the end of a delay that no longer is.
    if service.restartDelay == 0 { manager.start(unit) }
  }
}
