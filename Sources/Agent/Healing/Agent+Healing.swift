internal import Linux
internal import Protection
internal import Shields

/// Bringing services back: down, frozen or stopped. `Agent+Inspecting` has the files.
extension Agent {
  // MARK: Units

  /// PID 1 says that something of a unit is another.
  func unitChanged(_ unit: String, _ change: UnitChange) {
    auditUnit(unit, change)
    guard machine.state != .unmanaged, !isEngaging, !isStopping, heldBack == nil,
      let service = enforced.first(where: { $0.units.contains { $0.name == unit } }),
      service.units.contains(where: { $0.name == unit && service.staysUp($0) })
    else { return }
    if let main = change.mainPID, main > 0 { groups.follow(unit, main: main) }
    if change.freezerState?.hasPrefix("fr") == true { checkGroup(of: service) }
    if let exit = change.exit, unit == service.unit { ended(service, exit) }
    switch change.activeState {
    case "active": up(unit, of: service.unit)
    case "inactive", "failed", "deactivating":
      if service.letsPackageRestart {
        // Its scripts restart it, in their own time; what upholds it starts it in any case.
        healing.starting.insert(unit)
      } else {
        down(unit, of: service.unit)
      }
    default: break
    }
  }

  func down(_ unit: String, of service: String) {
    if unit == Own.socket { return socketIsDown() }
    if unit != service {
      // What starts it is down, not the service itself.
    } else if healing.starting.contains(unit) {
      // Not back up yet after a window; nothing brought it down.
    } else if healing.tallies[service]?.downSince == nil {
      healing.tallies[service, default: HealingTally()].downSince = Clock.monotonicMicroseconds()
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
    guard healing.leaving[unit] == nil else { return }
    healing.leaving[unit] = try? loop.after(microseconds: Self.stopPatience, accuracy: 100_000) {
      [weak self] in
      guard let self else { return }
      healing.leaving[unit] = nil
      manager.reports(of: [unit]) { [weak self] reports in
        // In a shutdown that began meanwhile, the service has all the time it asks for.
        guard let self, shutdown == nil, let report = reports.first,
          report.activeState == "deactivating", !report.controlGroup.isEmpty
        else { return }
        for pid in ControlGroup.processes(report.controlGroup) {
          try? Processes.signal(pid, Signals.kill)
        }
      }
    }
  }

  private func up(_ unit: String, of service: String) {
    healing.starting.remove(unit)
    healing.leaving[unit] = nil
    guard unit == service,
      let down = healing.tallies[service]?.rose(now: Clock.monotonicMicroseconds())
    else { return }
    healed(service, ["was down"], downFor: down)
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

  /// Counts a healing, and puts it on record unless the same just was.
  ///
  /// - Parameters:
  ///   - what: what was damaged, to be read after the service's name.
  ///   - downFor: how long it was down: microseconds.
  ///   - culprit: who did it, where that is known.
  func healed(
    _ service: String, _ what: [String], downFor: UInt64? = nil, by culprit: Bystander? = nil
  ) {
    let damage = what.joined(separator: "; ")
    let now = Clock.monotonicMicroseconds()
    guard let before = healing.tallies[service, default: HealingTally()].healed(damage, now: now)
    else {
      return
    }
    let milliseconds = downFor.map { "\(($0 + 999) / 1000)" }
    let seen = culprit == nil ? bystander(of: service) : nil
    let time = milliseconds.map { " for \($0) ms" } ?? ""
    let who = culprit.map { " by \($0)" } ?? seen.map { "; seen beside it: \($0)" } ?? ""
    Announcer.say(
      .healed, .warning, "\(service): \(damage)\(time)\(who); put right.", [("UNIT", service)])
    recorder.event(
      "healed", outcome: service,
      details: [
        ("what", damage), ("down_ms", milliseconds ?? ""), ("by", culprit?.description ?? ""),
        ("seen", seen?.description ?? ""), ("unrecorded_before", "\(before)"),
      ])
  }

  /// A process that speaks of the service or its files just now, and is not its own.
  private func bystander(of service: String) -> Bystander? {
    guard let definition = guards.definition(of: service) else { return nil }
    let own = groups[service].map { ControlGroup.processes($0.path) } ?? []
    let stem = service.hasSuffix(".service") ? String(service.dropLast(8)) : service
    let name = stem.utf8.count < 5 ? service : stem
    return Bystander.mentioning(
      [name] + definition.programs.prefix(4).map(\.path), except: Set(own))
  }
}
