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

  /// PID 1 says that something of a unit is another.
  func unitChanged(_ unit: String, _ change: UnitChange) {
    auditUnit(unit, change)
    guard machine.state != .unmanaged, !isEngaging, !isStopping,
      let service = enforced.first(where: { $0.units.contains { $0.name == unit } }),
      service.units.contains(where: { $0.name == unit && service.staysUp($0) })
    else { return }
    if let main = change.mainPID, main > 0 { groups.follow(unit, main: main) }
    if change.freezerState?.hasPrefix("fr") == true { checkGroup(of: service) }
    switch change.activeState {
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
    // Most times PID 1 is quicker by itself (Restart=, Upholds=); this is for when it is not. In a
    // shutdown it refuses.
    manager.start(unit) { [weak self] failure in
      if failure == nil { self?.hasten(unit) }
    }
  }

  /// How long a stop that nobody may ask for takes at most: microseconds. The service goes its own
  /// way for that long.
  private static let stopPatience: UInt64 = 1_500_000

  private func hasten(_ unit: String) {
    guard leaving[unit] == nil else { return }
    leaving[unit] = try? loop.after(microseconds: Self.stopPatience, accuracy: 100_000) {
      [weak self] in
      guard let self else { return }
      leaving[unit] = nil
      manager.reports(of: [unit]) { reports in
        guard let report = reports.first, report.activeState == "deactivating",
          !report.controlGroup.isEmpty
        else { return }
        for pid in ControlGroup.processes(report.controlGroup) {
          try? Processes.signal(pid, Signals.kill)
        }
      }
    }
  }

  private func up(_ unit: String, of service: String) {
    starting.remove(unit)
    leaving[unit] = nil
    guard unit == service, let downSince = tallies[service]?.downSince else { return }
    let now = Clock.monotonicMicroseconds()
    tallies[service]?.downSince = nil
    tallies[service]?.downtime += now - downSince
    healed(service, ["was down for \((now - downSince + 999) / 1000) ms"])
    refreshControlGroup(service)
  }

  private func refreshControlGroup(_ service: String) {
    manager.reports(of: [service]) { [weak self] reports in
      guard let self, let report = reports.first, let definition = guards.definition(of: service)
      else { return }
      note(report, of: definition)
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
