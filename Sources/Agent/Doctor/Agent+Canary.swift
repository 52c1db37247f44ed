internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `doctor prove`: guards the canary for exactly as long as the connection stays open that asked.
///
/// It is the one guard that goes without a token, and that is no loosening: it protects a program
/// that does nothing, whose only purpose is to be attacked. It is stored like any other, so that a
/// daemon that was killed meanwhile knows at its next start what to take away.
extension Agent {
  /// Microseconds between the end of one proving and the next: each costs two reloads.
  private static let provingPause: UInt64 = 2_000_000

  func prove(_ connection: ControlConnection) throws(Refusal) {
    try requireEnrolled()
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      try requireProvable()
      manager.reports(of: [Own.canary]) { [weak self] reports in
        guard let self else { return }
        do throws(Refusal) {
          try guardCanary(reports.first, connection)
        } catch {
          refuse(connection, error)
        }
      }
    }
  }

  /// - Throws: `busy` where what would be tried is not what this host is like.
  private func requireProvable() throws(Refusal) {
    if let grant = machine.state.grant {
      throw Refusal(
        .busy, "This host is unprotected until \(Clock.text(grant.endsAt)).",
        hint: "Protect it first: holdfast protect")
    }
    guard settings.mode(of: Own.canary) == .enforce else {
      throw Refusal(
        .busy, "This host only watches (Mode=audit): nothing is refused or healed.",
        hint: "Set Mode=enforce first.")
    }
    guard isFree, !awaitsPackages, !board.packages.isInTransaction else {
      throw Refusal(
        .busy, "A package manager is running, or shields are going up.",
        hint: "Try again when it is done.")
    }
    guard guards.definition(of: Own.canary) == nil else {
      throw Refusal(.busy, "The canary is being attacked already.")
    }
    guard Clock.monotonicMicroseconds() >= provedLast + Self.provingPause else {
      throw Refusal(.busy, "The last proving has only just ended.", hint: "Try again in 2 seconds.")
    }
  }

  private func guardCanary(
    _ report: UnitReport?, _ connection: ControlConnection
  ) throws(Refusal) {
    guard connection.isOpen else { return }
    try requireProvable()
    guard let report, report.facts.loadState == "loaded" else {
      throw Refusal(
        .unitUnknown, "\(Own.canary) is not installed, or masked.",
        hint: "It comes with the package holdfast.")
    }
    let addedBy = AddedBy(
      uid: Int64(connection.peer.uid), loginUID: connection.peer.loginUID.map(Int64.init),
      at: Clock.wall())
    do {
      let canary = try board.derive(
        [report.facts], wishes: DerivingWishes(files: []), upgrades: upgrades(of: Own.canary),
        addedBy: addedBy, known: guards.definitions
      ).service
      // What it runs is root's business only where it is what Holdfast brought.
      if let changed = board.firstOverride(canary) ?? board.firstNotAsShipped(canary) {
        board.keepOnly(guards.definitions)
        throw Refusal(
          .unitUnsupported, "\(changed) is not as the package shipped it.",
          hint: "Reinstall the package holdfast, or find out who changed it.")
      }
      try guards.store(canary)
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(.internalError, "The canary cannot be guarded: \(error)")
    }
    recorder.event("proving", outcome: "started", peer: connection.peer)
    // It is idle for long, and gives way to nobody.
    connection.isKept = true
    connection.atClose { [weak self] in self?.endProving() }
    whenSettled.append { [weak self] in
      guard let self else { return }
      connection.succeed([
        .init(name: "unit", value: .string(Own.canary)),
        .init(name: "state", value: .string(machine.state.name)),
      ])
    }
    handle(.definitionsChanged)
  }

  private func endProving() {
    // The next start does it: it finds the canary in the store.
    guard !isStopping else { return }
    if isFree { return dropCanary() }
    waiting.add(
      .other, patience: Self.patience, expired: { [weak self] in self?.endProving() },
      run: { [weak self] in self?.dropCanary() })
  }

  private func dropCanary() {
    guard forgetCanary() else { return }
    recorder.event("proving", outcome: "ended")
    watchFiles(of: watched)
    manager.watch(watched.flatMap { $0.units.map(\.name) })
    updateProcessCheck()
    isEngaging = true
    manager.reload { [weak self] _ in
      guard let self else { return }
      manager.stop(Own.canary)
      isEngaging = false
      provedLast = Clock.monotonicMicroseconds()
      settle()
      inspectSoon()
    }
  }

  /// Takes the canary's shields down and its definition away; PID 1 has not heard of it yet.
  ///
  /// - Returns: whether there was one.
  private func forgetCanary() -> Bool {
    guard let canary = guards.definition(of: Own.canary) else { return false }
    _ = board.release(
      canary, sparing: board.paths(of: guards.definitions.filter { $0.unit != canary.unit }))
    try? guards.remove(Own.canary)
    board.keepOnly(guards.definitions)
    groups.forget(Own.canary)
    troubles[Own.canary] = nil
    healing.tallies[Own.canary] = nil
    healing.lastClean[Own.canary] = nil
    healing.starting.remove(Own.canary)
    return true
  }

  /// A daemon that ended while the canary was guarded left it so: takes it away, and stops it once
  /// this one is ready.
  func forgetLeftCanary() { hasLeftCanary = forgetCanary() }

  func stopLeftCanary() {
    guard hasLeftCanary else { return }
    hasLeftCanary = false
    recorder.event("proving", outcome: "ended")
    manager.reload { [weak self] _ in self?.manager.stop(Own.canary) }
  }
}
