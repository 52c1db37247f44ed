internal import Linux
internal import Protection

/// When the daemon leaves what stands as it is: the control socket answers, whoever has a token gets in,
/// and nothing is engaged or put right.
///
/// - After five faults of its own within a minute (traps; not what others kill it with), because
///   what it does may be what it ends by.
/// - In a boot to `emergency.target` or `rescue.target`: somebody is repairing this host. Only where the
///   boot began so; a target that is started later changes nothing. `rescue.target` counts where the
///   kernel's command line asks for it: as the default target, or because that is masked, it is what
///   somebody without the console made of the next boot.
///
/// It ends with `protect`, with a window, by itself after five minutes without a fault, and once the
/// boot goes on.
extension Agent {
  static let faultLimit = 5
  /// Seconds.
  static let faultMemory: Int64 = 60

  static func hasManyFaults(_ times: [Int64], now: Int64) -> Bool {
    times.count { $0 <= now && now - $0 <= faultMemory } >= faultLimit
  }

  /// Finds out whether to hold back, then begins: before the first engaging of this run.
  func considerHoldingBack(then begin: @escaping () -> Void) {
    // One that was enrolled just now is protected as it was asked to be.
    guard !isReady else { return begin() }
    let now = Int64(Clock.boottimeMicroseconds() / 1_000_000)
    if Self.hasManyFaults(witness.known?.faults ?? [], now: now) {
      holdBack(
        "safe mode: holdfastd ended by itself \(Self.faultLimit) times within a minute, so what "
          + "stands is left as it is; holdfast protect ends that")
      holding = try? loop.after(microseconds: 300_000_000, accuracy: 1_000_000) { [weak self] in
        self?.goOn()
      }
      return begin()
    }
    guard witness.known?.isRepair ?? true else { return begin() }
    lookForRepair { [weak self] isRepair in
      guard let self else { return }
      witness.note(isRepair: isRepair)
      if isRepair {
        holdBack(
          "this host was started to be repaired (emergency or rescue target), so what stands is left "
            + "as it is until its boot goes on")
        holding = try? loop.every(microseconds: 2_000_000, accuracy: 500_000) { [weak self] in
          self?.lookForRepair { [weak self] in if !$0 { self?.goOn() } }
        }
      }
      begin()
    }
  }

  private func lookForRepair(_ done: @escaping (Bool) -> Void) {
    let asked = Machine.asksForRescue(Machine.kernelCommandLine())
    let units = Jobs.repairUnits.filter { asked || $0 != "rescue.target" }
    manager.jobs { [weak self] jobs in
      guard let self, let jobs else { return done(false) }
      if !jobs.repairing.isDisjoint(with: units) { return done(true) }
      manager.reports(of: units) { reports in done(reports.contains(where: \.isUp)) }
    }
  }

  private func holdBack(_ why: String) {
    heldBack = why
    Announcer.say(.trouble, .error, "Nothing is engaged or put right: \(why).")
    recorder.event("held_back", outcome: "passive", details: [("why", why)])
  }

  /// In place of the first engaging.
  func leaveAsItIs() {
    isEngaging = false
    handle(.engaged(.damaged))
    ready()
  }

  private func goOn() {
    guard heldBack != nil else { return }
    witness.note(isRepair: false)
    if machine.state.grant == nil { handle(.protectAsked) }
  }

  /// Everything is engaged from here on.
  func endHoldingBack() {
    guard heldBack != nil else { return }
    heldBack = nil
    holding = nil
    recorder.event("held_back", outcome: "ended")
  }

  /// PID 1 does not answer any more, or does again.
  func managerFellSilent(_ isSilent: Bool) {
    Announcer.say(
      .trouble, isSilent ? .error : .notice,
      isSilent
        ? "systemd (PID 1) does not answer. What stands stays; it is asked again and again."
        : "systemd (PID 1) answers again.")
    recorder.event("manager", outcome: isSilent ? "silent" : "answers")
    guard machine.state != .unmanaged, isReady else { return }
    if isSilent { handle(.inspected(whole: false)) } else { inspectSoon() }
  }

  /// For `status`.
  var standstill: [String] {
    [heldBack, manager.isSilent ? "systemd (PID 1) does not answer; what stands stays" : nil]
      .compactMap(\.self)
  }
}
