internal import Linux
internal import Protection
internal import Shields

/// Bringing services back: down, frozen or stopped. `Agent+Inspecting` has the files.
extension Agent {
  /// How often a service was healed, and how long it was down for that.
  struct HealingTally {
    var count: Int64 = 0
    /// Microseconds.
    var downtime: UInt64 = 0
    /// CLOCK_MONOTONIC microseconds; nil while it is up.
    var downSince: UInt64?
    /// When a healing was last recorded, and how many since were not.
    var recorded: UInt64 = 0
    var unrecorded = 0
  }

  // MARK: Units

  /// PID 1 says that a unit's state is another.
  func unitChanged(_ unit: String, active: String?, freezer: String?) {
    guard machine.state != .unmanaged, !isEngaging, !isStopping,
      let service = enforced.first(where: { $0.units.contains { $0.name == unit } })
    else { return }
    if let freezer, freezer.hasPrefix("fr") { thaw(unit, of: service.unit) }
    switch active {
    case "active": up(unit, of: service.unit)
    case "inactive", "failed", "deactivating": down(unit, of: service.unit)
    default: break
    }
  }

  func down(_ unit: String, of service: String) {
    if unit != service {
      // What starts it is down, not the service itself.
    } else if starting.contains(unit) {
      // Not back up yet after a window; nothing brought it down.
    } else if tallies[service]?.downSince == nil {
      tallies[service, default: HealingTally()].downSince = Clock.monotonicMicroseconds()
    }
    // Most times PID 1 is quicker by itself (Restart=, Upholds=); this is for when it is not.
    manager.start(unit)
  }

  private func up(_ unit: String, of service: String) {
    starting.remove(unit)
    guard unit == service, let downSince = tallies[service]?.downSince else { return }
    let now = Clock.monotonicMicroseconds()
    tallies[service]?.downSince = nil
    tallies[service]?.downtime += now - downSince
    healed(service, ["was down for \((now - downSince + 999) / 1000) ms"])
    refreshControlGroup(service)
  }

  func thaw(_ unit: String, of service: String) {
    manager.thaw(unit)
    healed(service, ["was frozen"])
  }

  private func refreshControlGroup(_ service: String) {
    manager.reports(of: [service]) { [weak self] reports in
      guard let self, let report = reports.first, let definition = guards.definition(of: service)
      else { return }
      note(report, of: definition)
    }
  }

  // MARK: Processes

  /// Twice a second, and only while a service other than Holdfast is guarded: neither a stop signal
  /// nor a freeze sends an event.
  func updateProcessCheck() {
    let needed = enforced.contains { $0.unit != Own.service }
    if !needed {
      processCheck = nil
    } else if processCheck == nil {
      processCheck = try? loop.every(microseconds: 500_000, accuracy: 50_000) { [weak self] in
        self?.checkProcesses()
      }
    }
  }

  private func checkProcesses() {
    checks += 1
    // Every two seconds: clearing a flag, or writing through a mapping, sends no event either.
    if checks % 4 == 0 { mendState() }
    if checks % 4 == 0, isFree, enforced.contains(where: { !board.isWhole($0, shieldsInForce($0)) })
    {
      inspectSoon()
    }
    for service in enforced {
      guard let group = controlGroups[service.unit] else { continue }
      var stopped = false
      for pid in Processes.inCgroup(group) where Processes.state(pid) == "T" {
        stopped = true
        try? Processes.signal(pid, Signals.continue)
      }
      if stopped { healed(service.unit, ["was stopped by a signal"]) }
      if Processes.isFrozen(cgroup: group) { thaw(service.unit, of: service.unit) }
    }
  }

  // MARK: Saying so

  /// A fight is answered at full speed and recorded at a bounded rate: microseconds.
  private static let recordEvery: UInt64 = 5_000_000

  func healed(_ service: String, _ what: [String]) {
    var tally = tallies[service] ?? HealingTally()
    tally.count += 1
    let now = Clock.monotonicMicroseconds()
    if tally.recorded == 0 || now >= tally.recorded + Self.recordEvery {
      let sentence = "\(service): \(what.joined(separator: "; ")); put right."
      Announcer.say(.healed, .warning, sentence, [("UNIT", service)])
      recorder.event(
        "healed", outcome: service,
        details: [
          ("what", what.joined(separator: "; ")), ("unrecorded_before", "\(tally.unrecorded)"),
        ])
      tally.recorded = now
      tally.unrecorded = 0
    } else {
      tally.unrecorded += 1
    }
    tallies[service] = tally
  }
}
