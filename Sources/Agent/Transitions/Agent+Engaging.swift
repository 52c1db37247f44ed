internal import AgentToken
internal import HostConfiguration
internal import Linux
internal import Protection
internal import Shields

/// Putting shields up: the files first, then PID 1's view of them, then the services.
extension Agent {
  /// Services that are to be protected now.
  var enforced: [ServiceDefinition] {
    guard machine.state.isManaged else { return [] }
    let grant = machine.state.grant
    return guards.definitions.filter {
      settings.mode(of: $0.unit) == .enforce && !(grant?.covers($0.unit) ?? false)
    }.map { inPackageRun($0) }
  }

  /// A service that says whether dpkg is waited for.
  func inPackageRun(
    _ service: ServiceDefinition, isForced: Bool = false
  ) -> ServiceDefinition {
    var service = service
    service.isInPackageRun = isForced || (awaitsPackages && guards.void.contains(service.unit))
    if service.isInPackageRun, service.signedUpgrade != nil {
      service.takesPackagedDropIns = board.takesDropIns(service, landing(of: service))
      // What is not verified yet is not what is started here: the daemon does that in the end.
      service.scriptsMayRestart = service.unit != Own.service
    }
    service.restartDelay = crashes[service.unit]?.delay ?? 0
    return service
  }

  /// Carries out `.engage`. Ends in `.engaged`.
  func engage() {
    isEngaging = true
    guard hasConsidered else {
      hasConsidered = true
      return considerHoldingBack { [weak self] in self?.engage() }
    }
    if heldBack != nil, !isReady { return leaveAsItIs() }
    endHoldingBack()
    let waits = packagesMustWait()
    let hasWaited = awaitsPackages && !waits
    awaitsPackages = waits
    hasWaitedForPackages = hasWaited
    if !waits { judgeLandings() }
    let services = enforced
    // A service that was not there when it was last looked at may have come since.
    let isStale = { [guards] (service: ServiceDefinition) in
      guards.void.contains(service.unit) || service.isAbsent
    }
    let voided = services.filter(isStale)
    let letsGo = releaseAudited()
    let unwatched = audited.filter(isStale)
    // Where the unit shield of such a service stands (a dpkg run was waited for), PID 1 speaks of
    // our copy; it has to go for a moment so that what dpkg brought is what gets protected.
    let covered = voided.filter { board.coversUnits(of: $0) && !board.unitFilesUnchanged($0) }
    let others = services.filter { !guards.void.contains($0.unit) }
    // Those whose units stand while dpkg has them in hand go on as they are.
    let open = waits ? voided.filter { $0.isOpenToPackage && board.coversUnits(of: $0) } : []
    let anew = voided.filter { service in !open.contains { $0.unit == service.unit } }
    openToPackages(open, others: others)
    for service in covered.filter(anew.contains) where waits || !refreshUnits(of: service.unit) {
      _ = board.release(service, [.unit])
    }
    // The rest of what still stands of a void baseline, so that nothing of ours gets into the next.
    // What refuses removal need not go for that.
    let spared = board.paths(of: others)
    for service in anew where !waits {
      let names: Set<ShieldName> = service.isOpenToPackage ? [.file] : [.file, .package]
      _ = board.release(service, names, sparing: spared)
      stillAlive()
    }
    reloadIf(covered.contains(where: anew.contains) || hasWaited || letsGo) { [weak self] in
      self?.define(anew + unwatched) { [weak self] in self?.place(waits: waits) }
    }
  }

  /// Takes the baseline of services anew that were released since it was last taken.
  private func define(_ services: [ServiceDefinition], then: @escaping () -> Void) {
    gather(services.map(\.unit)) { [weak self] reports in
      self?.define(services[...], reports) { [weak self] in
        self?.settleUpgradePolicies()
        then()
      }
    }
  }

  /// One in each round of the loop: reading and keeping the files of many takes longer than others
  /// should wait.
  private func define(
    _ services: ArraySlice<ServiceDefinition>, _ reports: [String: [UnitReport]],
    then: @escaping () -> Void
  ) {
    guard let service = services.first else { return then() }
    // Without PID 1's word the old baseline would be worse than none, and none is what an absent
    // unit has; it stays void, so the next engaging asks again.
    if let known = reports[service.unit], !known.isEmpty { define(service, known) }
    let rest = services.dropFirst()
    if rest.isEmpty { return then() }
    do {
      try loop.soon { [weak self] in self?.define(rest, reports, then: then) }
    } catch {
      define(rest, reports, then: then)
    }
  }

  private func define(_ service: ServiceDefinition, _ known: [UnitReport]) {
    // Gone back from meanwhile, with another service of its package.
    if service.signedUpgrade != nil, guards.definition(of: service.unit)?.signedUpgrade == nil {
      return
    }
    let isPassing = known[0].facts.type == "oneshot" && !known[0].facts.remainsAfterExit
    do {
      let facts = known.map { board.ownFacts($0.facts, of: service) }
      var new = try board.derive(
        facts, wishes: wishes(for: service.unit), upgrades: upgrades(of: service.unit),
        addedBy: service.addedBy, known: guards.definitions
      ).service
      // One that came by a file is held to the same rules as one that came by `guard add`.
      if service.units.isEmpty, service.unit != Own.service,
        let refusal = refusal(of: new, isPassing: isPassing)
      {
        Announcer.say(.trouble, .warning, "\(service.unit) is not protected: \(refusal.message)")
        recorder.event("guard_refused", outcome: service.unit)
        try guards.remove(service.unit)
        settings.drop(service.unit)
        return
      }
      if awaitsPackages, !service.units.isEmpty {
        // dpkg is still at it: only what the unit shield goes by counts so far, and the rest is
        // compared once it is done.
        var passing = service
        passing.isInPackageRun = false
        passing.units = new.units
        return try guards.store(passing)
      }
      if let upgrade = service.signedUpgrade, !awaitsPackages {
        guard let landed = landed(service, upgrade, as: new) else { return }
        new = landed
      }
      sayChanges(from: service, to: new)
      if runsWhatWasReplaced(known[0], from: service, to: new) { outdated.insert(service.unit) }
      if service.package?.prermPath != new.package?.prermPath {
        _ = board.release(service, [.package])
      }
      // What was verified is never taken anew without that.
      try service.signedUpgrade == nil
        ? guards.store(new) : guards.replace([new], void: false)
    } catch {
      trouble(service.unit, "its baseline cannot be taken: \(error)")
    }
  }

  private func refusal(of service: ServiceDefinition, isPassing: Bool) -> Refusal? {
    if isPassing {
      return Refusal(.unitUnsupported, "it runs once and ends, so there is nothing to keep running")
    }
    do throws(Refusal) {
      try requireAllowed(service)
      return nil
    } catch {
      return error
    }
  }

  /// The units that a service consists of.
  func units(of service: String) -> [String] {
    service == Own.service ? Own.units : [service]
  }

  func extraFiles(of service: String) -> [String] {
    (service == Own.service ? Own.files : []) + (settings.guards[service]?.extraFiles ?? [])
  }

  private func place(waits: Bool) {
    let services = enforced
    troubles = [:]
    var needsReload = false
    var tainted: Set<String> = []
    for service in services {
      var names: Set<ShieldName> = [.unit]
      if !service.isInPackageRun { names.formUnion([.file, .package]) }
      let result = board.engage(service, names)
      stillAlive()
      // While there was no daemon: it may have been started with that.
      if service.unit != Own.service, result.mended.contains(where: \.reachesService) {
        tainted.insert(service.unit)
        healed(service.unit, result.mended.filter(\.reachesService).map(\.sentence))
      }
      needsReload = needsReload || result.needsReload
      for problem in result.problems { trouble(service.unit, problem.sentence) }
    }
    board.keepOnly(guards.definitions)
    watchFiles(of: watched)
    manager.watch(watched.flatMap { $0.units.map(\.name) })
    reloadIf(needsReload) { [weak self] in self?.verify(waits: waits, tainted: tainted) }
  }

  /// Looks at what PID 1 made of it. A unit that it cannot load any more is let go of again: better
  /// unshielded than broken.
  ///
  /// - Parameter tainted: services that may run what is not their own.
  private func verify(waits: Bool, tainted: Set<String>) {
    let services = enforced
    let names = services.flatMap { $0.units.map(\.name) }
    manager.reports(of: names) { [weak self] reports in
      guard let self else { return }
      var broken: [ServiceDefinition] = []
      for service in services {
        for unit in service.units {
          guard let report = reports.first(where: { $0.facts.name == unit.name }) else {
            trouble(service.unit, "systemd does not answer for \(unit.name)")
            continue
          }
          note(report, of: service)
          guard unit.fragment != nil else {
            trouble(service.unit, report.absence)
            continue
          }
          if report.facts.loadState != "loaded" {
            broken.append(service)
            trouble(service.unit, "systemd cannot load \(unit.name) with its shield")
          } else if !report.refusesManualStop, !service.letsPackageRestart {
            trouble(service.unit, "\(unit.name) does not refuse to be stopped")
          }
          if report.isUp || !service.staysUp(unit) {
            healing.starting.remove(unit.name)
            if tainted.contains(unit.name) { manager.restartProtected(unit.name) { _ in } }
          } else {
            healing.starting.insert(unit.name)
            manager.start(unit.name)
          }
        }
      }
      for service in broken { _ = board.release(service, [.unit]) }
      reloadIf(!broken.isEmpty) { [weak self] in self?.engaged(waits: waits) }
    }
  }

  private func engaged(waits: Bool) {
    let services = enforced
    isEngaging = false
    if !waits { try? guards.clearVoid(Set((services + audited).map(\.unit))) }
    updateProcessCheck()
    if waits { pollPackages() } else { packagePoll = nil }
    let outcome: ProtectionMachine.Outcome =
      waits ? .awaitingPackages : !problems.isEmpty ? .damaged : .whole
    if !waits { restartUpgraded() }
    noteAudited()
    handle(.engaged(outcome))
    ready()
  }

  func trouble(_ unit: String, _ sentence: String) {
    if troubles[unit]?.contains(sentence) != true { troubles[unit, default: []].append(sentence) }
  }

  func note(_ report: UnitReport, of service: ServiceDefinition) {
    if report.facts.name == service.unit { groups.follow(report) }
  }

  func reloadIf(_ needed: Bool, then: @escaping () -> Void) {
    // Once the host goes down, PID 1 has better things to do.
    guard needed, shutdown == nil else { return then() }
    manager.reload { [weak self] failure in
      if let failure { self?.trouble(Own.service, "systemd did not reload: \(failure)") }
      then()
    }
  }

  // MARK: A running dpkg

  /// Protecting files in the middle of a dpkg run would break it half-way, so those wait for its
  /// lock, at most this long: microseconds.
  private static let packagePatience: UInt64 = 600_000_000

  private func packagesMustWait() -> Bool {
    guard !guards.void.isDisjoint(with: enforced.map(\.unit)), board.packages.isInTransaction else {
      packageDeadline = 0
      return false
    }
    let now = Clock.boottimeMicroseconds()
    if packageDeadline == 0 { packageDeadline = now + Self.packagePatience }
    return now < packageDeadline
  }

  private func pollPackages() {
    guard packagePoll == nil else { return }
    packagePoll = try? loop.every(microseconds: 500_000, accuracy: 100_000) { [weak self] in
      guard let self, isFree else { return }
      let late = Clock.boottimeMicroseconds() >= packageDeadline
      if late || !board.packages.isInTransaction { engage() }
    }
  }
}
