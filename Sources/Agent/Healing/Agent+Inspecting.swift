internal import Linux
internal import Protection
internal import Shields

/// Looking at what the shields put on the machine, and at what PID 1 makes of it, and putting right
/// what is not as it should be.
extension Agent {
  /// Looks at everything soon: in the loop's next round, once however many events there were, and
  /// less often the longer a fight goes on.
  func inspectSoon() {
    guard inspection == nil else { return }
    guard isFree, !isInspecting else {
      inspectionPending = true
      return
    }
    let run = { [weak self] in
      guard let self else { return }
      inspection = nil
      inspectionPending = false
      inspect()
    }
    let wait = pace.wait(now: Clock.monotonicMicroseconds())
    inspection =
      wait == 0 ? try? loop.soon(run) : try? loop.after(microseconds: wait, accuracy: 1_000, run)
  }

  /// Mends what is damaged, and tells the state machine whether all is whole.
  private func inspect() {
    guard machine.state != .unmanaged, isFree, !isStopping, heldBack == nil else { return }
    isInspecting = true
    var needsReload = followPackageRun()
    let services = enforced
    watchFiles(of: watched)
    auditFiles()
    mendState()
    if mendControlSocket() {
      healed(Own.service, ["\(paths.controlSocket) was removed or replaced"])
    }
    var left: [String: [String]] = [:]
    var tainted: Set<String> = []
    var hasMended = false
    for service in services {
      let result = board.engage(service, shieldsInForce(service))
      stillAlive()
      needsReload = needsReload || result.needsReload
      let damage = result.mended.filter(\.isDamage)
      if !damage.isEmpty {
        hasMended = true
        healed(service.unit, damage.map(\.sentence))
      }
      if service.unit != Own.service, result.mended.contains(where: \.reachesService) {
        tainted.insert(service.unit)
      }
      left[service.unit] = result.problems.map(\.sentence)
    }
    pace.inspected(now: Clock.monotonicMicroseconds(), mended: hasMended)
    reloadIf(needsReload) { [weak self] in
      self?.checkUnits(left, reloaded: needsReload, tainted: tainted)
    }
  }

  /// Watches what the shields of these services, and the way in, depend on.
  func watchFiles(of services: [ServiceDefinition]) {
    var list = WatchList.directories(for: services)
    if machine.state != .unmanaged {
      // Its directory, and where that is.
      let directory = Files.directory(of: paths.controlSocket)
      list[directory] = ["control.sock"]
      list[Files.directory(of: directory)] = ["holdfast"]
    }
    list.merge(stateDirectories) { one, other in
      // Names of both; nil is all of them.
      one.flatMap { names in other.map { names.union($0) } }
    }
    fileWatch?.update(list, flagged: board.flagged(services))
  }

  /// Files and packages wait while a dpkg run is waited for.
  func shieldsInForce(_ service: ServiceDefinition) -> Set<ShieldName> {
    service.isInPackageRun ? [.unit] : Set(ShieldName.allCases)
  }

  /// Looks at what PID 1 makes of the files.
  ///
  /// - Parameter tainted: units that had somebody else's drop-in in effect before the last reload,
  ///   or somebody else's files.
  private func checkUnits(
    _ left: [String: [String]], reloaded: Bool, tainted: Set<String> = []
  ) {
    let services = enforced
    manager.reports(of: services.flatMap { $0.units.map(\.name) }) { [weak self] reports in
      guard let self else { return }
      guard isFree else { return finishInspection() }
      var stale = false
      var foreign = tainted
      var found = left
      for service in services {
        for unit in service.units {
          guard let report = reports.first(where: { $0.facts.name == unit.name }) else { continue }
          note(report, of: service)
          guard unit.fragment != nil else {
            if report.facts.loadState == "loaded" { return arrived(service) }
            found[service.unit, default: []].append(report.absence)
            continue
          }
          if report.isFrozen { manager.thaw(unit.name) }
          if hasForeignLimits(report, isFresh: reloaded) {
            stale = true
            healed(service.unit, ["systemd was told other limits for \(unit.name)"])
          } else {
            checkLimits(report, of: service)
          }
          if !report.isUp, service.staysUp(unit) { down(unit.name, of: service.unit) }
          if !report.refusesManualStop, !service.letsPackageRestart {
            // PID 1 read its files at a moment when ours were not there.
            stale = true
            if reloaded {
              found[service.unit, default: []].append("\(unit.name) does not refuse to be stopped")
            }
          }
          // Its package may be bringing some.
          if service.isInPackageRun { continue }
          let strangers = board.foreignDropIns(report.facts, unit)
          if let stranger = strangers.first {
            foreign.insert(unit.name)
            stale = true
            _ = board.engage(service, [.unit])
            if reloaded {
              found[service.unit, default: []].append("\(stranger) is in effect for \(unit.name)")
            }
          } else {
            if tainted.contains(unit.name), report.mainStarted > healing.lastClean[unit.name] ?? 0 {
              // It started with what is out of effect, or put right, now.
              manager.restartProtected(unit.name) { _ in }
            }
            healing.lastClean[unit.name] = Clock.monotonicMicroseconds()
          }
        }
      }
      if stale, !reloaded {
        return reloadIf(true) { [weak self] in
          self?.checkUnits(left, reloaded: true, tainted: foreign)
        }
      }
      settleTroubles(found.filter { !$0.value.isEmpty })
    }
  }

  /// A service that was not installed when its baseline was taken is there now.
  private func arrived(_ service: ServiceDefinition) {
    finishInspection()
    guard (try? guards.markVoid([service.unit])) != nil else { return }
    handle(.definitionsChanged)
  }

  private func settleTroubles(_ found: [String: [String]]) {
    troubles = found
    handle(.inspected(whole: problems.isEmpty))
    finishInspection()
  }

  private func finishInspection() {
    isInspecting = false
    if inspectionPending { inspectSoon() }
  }
}
