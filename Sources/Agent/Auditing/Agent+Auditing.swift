internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// Services with `Mode=audit`: watched, and told about. Nothing of them is changed on the machine;
/// what protection would have done is recorded, and what is so from then on is the new baseline.
extension Agent {
  /// What protection would have done.
  enum AuditVerdict: String {
    case refused, healed
  }

  /// What it would have done it about.
  enum AuditSubject: String {
    case unit, process, file, package
  }

  /// Services that are watched only, and not in an open window.
  var audited: [ServiceDefinition] {
    guard machine.state.isManaged else { return [] }
    let grant = machine.state.grant
    return guards.definitions.filter {
      settings.mode(of: $0.unit) == .audit && !(grant?.covers($0.unit) ?? false)
    }
  }

  /// Those of which events are wanted.
  var watched: [ServiceDefinition] { enforced + audited }

  /// Lets go of what still stands of services that are only watched from now on.
  ///
  /// - Returns: whether PID 1 has to read its unit files again.
  func releaseAudited() -> Bool {
    var needsReload = false
    let standing = audited.filter(board.stands)
    let spared = standing.isEmpty ? [] : board.paths(of: enforced)
    for service in standing {
      _ = board.release(service, sparing: spared)
      needsReload = true
    }
    return needsReload
  }

  /// Finds out where the processes of watched services are.
  func noteAudited() {
    let services = audited
    manager.reports(of: services.map(\.unit)) { [weak self] reports in
      for (service, report) in zip(services, reports) where report.facts.name == service.unit {
        self?.note(report, of: service)
      }
    }
  }

  /// Puts to work what services' own settings say besides their files.
  ///
  /// - Parameter modes: as they were before.
  /// - Returns: whether there is something to engage.
  func adoptServiceSettings(_ changes: [SettingChange], modes: [String: ProtectionMode]) -> Bool {
    for service in guards.definitions {
      let wishes = wishes(for: service.unit)
      var adopted = service
      adopted.logs = wishes.logs ?? service.logs
      adopted.allowSignals = wishes.allowSignals ?? service.allowSignals
      try? guards.store(adopted)
    }
    settleUpgradePolicies()
    // What is protected from now on is protected as it is now.
    let tightened = modes.filter { $0.value == .audit && settings.mode(of: $0.key) == .enforce }
    try? guards.markVoid(Set(tightened.keys))
    return changes.contains { $0.key.hasSuffix("Mode") || $0.key.hasSuffix("Upgrades") }
  }

  /// How each service is treated.
  var modes: [String: ProtectionMode] {
    Dictionary(
      guards.definitions.map { ($0.unit, settings.mode(of: $0.unit)) },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: Units

  func auditUnit(_ unit: String, _ change: UnitChange) {
    guard machine.state != .unmanaged, !isEngaging, !isStopping,
      let service = audited.first(where: { $0.units.contains { $0.name == unit } })
    else { return }
    var tally = auditing.tallies[unit] ?? Auditing.Tally()
    var found: (AuditVerdict, String)?
    if let freezer = change.freezerState {
      let isFrozen = freezer.hasPrefix("fr")
      if isFrozen, !tally.isFrozen { found = (.healed, "\(unit) was frozen") }
      tally.isFrozen = isFrozen
    }
    if change.hasJob == true { tally.hasJob = true }
    switch change.activeState {
    case "inactive", "failed", "deactivating":
      if !tally.isDown {
        found =
          tally.hasJob
          ? (.refused, "\(unit) was stopped") : (.healed, "\(unit) ended or was killed")
      }
      tally.isDown = true
    case "active":
      tally.isDown = false
    default: break
    }
    if change.hasJob == false { tally.hasJob = false }
    auditing.tallies[unit] = tally
    if let (verdict, what) = found { wouldHave(verdict, service.unit, .unit, [what]) }
  }

  /// Twice a second: a stop signal and a write to `cgroup.freeze` send no event.
  func auditProcesses() {
    if auditing.awaitsPackages, !board.packages.isInTransaction {
      auditing.awaitsPackages = false
      inspectSoon()
    }
    for service in audited {
      guard let group = groups[service.unit]?.path else { continue }
      let isFrozen = ControlGroup.isFrozen(group)
      if isFrozen, auditing.tallies[service.unit]?.isFrozen != true {
        wouldHave(.healed, service.unit, .process, ["\(service.unit) was frozen"])
      }
      auditing.tallies[service.unit, default: Auditing.Tally()].isFrozen = isFrozen
      let isStopped = ControlGroup.processes(group).contains { Processes.state($0) == "T" }
      if isStopped, auditing.tallies[service.unit]?.isStopped != true {
        wouldHave(.healed, service.unit, .process, ["was stopped by a signal"])
      }
      auditing.tallies[service.unit, default: Auditing.Tally()].isStopped = isStopped
    }
  }

  // MARK: Files

  /// Tells what became of the files of watched services, and takes what is there for granted.
  func auditFiles() {
    for service in audited where !service.isAbsent {
      // What a dpkg run does is one thing, and looked at when it is over.
      if service.package != nil, board.packages.isInTransaction {
        auditing.awaitsPackages = true
        continue
      }
      let differences = board.differences(service)
      let known = auditing.told[service.unit] ?? []
      auditing.told[service.unit] = differences.isEmpty ? nil : differences
      let new = differences.filter { !known.contains($0) }
      guard !new.isEmpty else { continue }
      tell(new, of: service)
      rebase(service)
    }
  }

  /// Takes a new baseline, unless there is nothing to take one of: a unit that is masked or gone
  /// stays what it was, so that it is noticed when it is back.
  private func rebase(_ service: ServiceDefinition) {
    gather(service.unit) { [weak self] reports in
      guard let self, settings.mode(of: service.unit) == .audit,
        guards.definition(of: service.unit) == service,
        reports.first?.facts.loadState == "loaded"
      else { return }
      do {
        try guards.store(
          board.derive(
            reports.map(\.facts), wishes: wishes(for: service.unit),
            upgrades: upgrades(of: service.unit), addedBy: service.addedBy,
            known: guards.definitions
          ).service)
      } catch {
        return trouble(service.unit, "what became of it cannot be kept: \(error)")
      }
      auditing.told[service.unit] = nil
      settleUpgradePolicies()
      board.keepOnly(guards.definitions)
      watchFiles(of: watched)
    }
  }

  private func tell(_ differences: [Problem], of service: ServiceDefinition) {
    let unit = service.unit
    if let package = service.package {
      let version = board.packages.version(of: package)
      if version == nil {
        return wouldHave(.refused, unit, .package, ["the package \(package.name) was removed"])
      }
      if let version, version != package.version {
        if service.upgrades == .any { return }  // and would have been let through
        return wouldHave(
          .refused, unit, .package,
          ["\(package.name) was changed from \(package.version) to \(version)"])
      }
    }
    // What the immutable flag is against would not have come so far.
    let kept = Set(service.everyFile.map(\.path))
    let refused = differences.filter { kept.contains($0.path) }
    let healed = differences.filter { !kept.contains($0.path) }
    if !refused.isEmpty { wouldHave(.refused, unit, .file, refused.map(\.sentence)) }
    if !healed.isEmpty { wouldHave(.healed, unit, .file, healed.map(\.sentence)) }
  }

  // MARK: Saying so

  /// As with healing, a fight is recorded at a bounded rate: microseconds.
  private static let recordAuditEvery: UInt64 = 5_000_000

  ///
  /// - Parameter subject: what it is about, so that a package's removal is not lost among signals.
  func wouldHave(
    _ verdict: AuditVerdict, _ service: String, _ subject: AuditSubject, _ what: [String]
  ) {
    let key = "\(service) \(subject) \(verdict.rawValue)"
    var tally = auditing.tallies[key] ?? Auditing.Tally()
    let now = Clock.monotonicMicroseconds()
    if tally.recorded == 0 || now >= tally.recorded + Self.recordAuditEvery {
      let text = what.joined(separator: "; ")
      Announcer.say(
        .audited, .notice, "\(service): \(text); would have been \(verdict.rawValue).",
        [("UNIT", service), ("VERDICT", verdict.rawValue)])
      recorder.event(
        "would_have_\(verdict.rawValue)", outcome: service,
        details: [("what", text), ("unrecorded_before", "\(tally.unrecorded)")])
      tally.recorded = now
      tally.unrecorded = 0
    } else {
      tally.unrecorded += 1
    }
    auditing.tallies[key] = tally
  }
}
