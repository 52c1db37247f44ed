internal import Linux
internal import Protection
internal import Shields

/// Services with `Upgrades=any`, or with a signed upgrade, while dpkg has them in hand: their files
/// are open to it and their units stand, until its lock is free and what it brought becomes the
/// baseline. `Agent+Landing` has what a signed upgrade is held to.
///
/// Nothing of this is remembered but that their baseline is void, and what a signed upgrade is to
/// become, so a daemon that is killed in the middle goes on with it.
extension Agent {
  /// The policy that counts: of several services from one package the strictest, because dpkg
  /// upgrades all of it or nothing.
  func settleUpgradePolicies() {
    for service in guards.definitions {
      let package = guards.definitions.filter {
        $0.package != nil && $0.package?.name == service.package?.name
      }
      var settled = service
      settled.upgrades = (package + [service]).map { upgrades(of: $0.unit) }.min() ?? .token
      settled.offered = offer(for: settled)
      do throws(SystemError) {
        try guards.store(settled)
      } catch {
        trouble(service.unit, "its Upgrades= cannot be stored: \(error)")
      }
    }
  }

  /// Makes way for dpkg: all but the unit shields, and the package's refusal to be removed.
  func openToPackages(_ services: [ServiceDefinition], others: [ServiceDefinition]) {
    for service in services {
      let landing = landing(of: service)
      for problem in board.openToPackages(service, others: others, landing: landing) {
        trouble(service.unit, problem.sentence)
      }
    }
  }

  /// Keeps up with what dpkg does to services in its hands, where that cannot wait for its end: the
  /// package can be removed as little as before, and its scripts start what it brought.
  ///
  /// - Returns: whether PID 1 has to read its unit files again.
  func followPackageRun() -> Bool {
    var needsReload = false
    for service in enforced where service.isInPackageRun && service.isOpenToPackage {
      putBackUnreleased(service)
      let listed = service.signedUpgrade.flatMap { released($0.origin, $0.version) }
      if service.signedUpgrade == nil || listed != nil,
        let closed = board.closedToRemoval(service, released: listed)
      {
        keep(closed)
      }
      if !board.unitFilesUnchanged(service) {
        needsReload = refreshUnits(of: service.unit) || needsReload
      }
    }
    return needsReload
  }

  /// Has PID 1 go by the unit files that dpkg brought, without letting go of the units.
  ///
  /// - Returns: false where that cannot be, as when a unit file has moved.
  func refreshUnits(of unit: String) -> Bool {
    guard let service = guards.definition(of: unit), service.isOpenToPackage,
      let fresh = board.refreshed(service), mayGoBy(fresh), keep(fresh)
    else { return false }
    refreshed[unit] = Clock.wallMicroseconds()
    _ = board.engage(inPackageRun(fresh, isForced: true), [.unit])
    return true
  }

  @discardableResult
  private func keep(_ service: ServiceDefinition) -> Bool {
    do throws(SystemError) {
      try guards.store(service)
      return true
    } catch {
      trouble(service.unit, "what its package brought cannot be kept: \(error)")
      return false
    }
  }

  /// Whether a service goes on running what is no longer there.
  func runsWhatWasReplaced(
    _ report: UnitReport, from old: ServiceDefinition, to new: ServiceDefinition
  ) -> Bool {
    // After a window, whether to restart it was up to whoever opened that; unless it was closed in
    // the middle of a dpkg run, whose scripts were then refused.
    guard old.isOpenToPackage || hasWaitedForPackages, !old.isAbsent, report.isUp,
      report.mainStartedAt > 0
    else {
      return false
    }
    if let at = refreshed[new.unit], at > Int64(clamping: report.mainStartedAt) { return true }
    let files = { (service: ServiceDefinition) in
      service.units.flatMap { [$0.fragment].compactMap(\.self) + $0.dropIns } + service.programs
    }
    let known = Set(files(old))
    return files(new).contains { file in
      guard !known.contains(file), let status = try? Files.status(file.path) else { return false }
      return status.ctime / 1000 > Int64(clamping: report.mainStartedAt)
    }
  }

  /// Restarts what dpkg's own scripts could not.
  func restartUpgraded() {
    // The daemon itself comes last.
    let others = outdated.subtracting([Own.service]).sorted()
    for unit in others + (outdated.contains(Own.service) ? [Own.service] : []) {
      recorder.event("restart", outcome: unit, details: [("reason", "its package was upgraded")])
      // PID 1 starts the new daemon as soon as this one is gone.
      if unit == Own.service {
        _ = try? loop.soon { [weak self] in self?.stop() }
        continue
      }
      manager.restartProtected(unit) { [weak self] failure in
        if let failure { self?.trouble(unit, "it was not restarted after its upgrade: \(failure)") }
      }
    }
    outdated = []
    refreshed = [:]
  }
}
