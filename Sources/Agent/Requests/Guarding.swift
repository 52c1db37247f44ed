internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `guard remove`, `guard list` and `restart`; `Adding` has `guard add`.
extension Agent {
  func guarding(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...4)
    let rest = Array(request.arguments.dropFirst(2))
    switch (request.arguments[0], request.arguments.count) {
    case ("list", 1): list(connection)
    case ("remove", 2): try removeGuard(request.arguments[1], connection)
    case ("add", 2...4):
      guard Set(rest).isSubset(of: ["dry-run", "force"]), Set(rest).count == rest.count else {
        throw Refusal(.badArguments, "guard add takes a unit, then dry-run and force at most.")
      }
      try add(
        Addition(
          asked: request.arguments[1], dryRun: rest.contains("dry-run"),
          force: rest.contains("force"), connection: connection))
    default:
      throw Refusal(
        .badArguments, "It is guard add UNIT [dry-run] [force], guard remove UNIT or guard list.")
    }
  }

  private func list(_ connection: ControlConnection) {
    let services = guards.definitions.map { service in
      JSON.object(derived(service) + [.init(name: "added_by", value: service.addedBy.json)])
    }
    connection.succeed([.init(name: "services", value: .array(services))])
  }

  // MARK: Removing

  private func removeGuard(
    _ name: String, _ connection: ControlConnection
  ) throws(Refusal) {
    let unit = guards.unit(named: name)
    guard unit != Own.service else {
      throw Refusal(.unitUnsupported, "Holdfast always guards itself on an enrolled host.")
    }
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      guard guards.definition(of: unit) != nil else {
        throw Refusal(.unitUnknown, "\(unit.prefix(255)) is not protected here.")
      }
      try requireOpen(unit)
      do {
        try guards.remove(unit)
      } catch {
        throw Refusal(.internalError, "The service cannot be removed: \(error)")
      }
      settings.remove(unit)
      board.keepOnly(guards.definitions)
      healing.tallies[unit] = nil
      recorder.event("guard_removed", outcome: unit, peer: connection.peer)
      connection.succeed([
        .init(name: "unit", value: .string(unit)), .init(name: "removed", value: true),
      ])
    }
  }

  /// - Throws: `protected` unless the unit is released now, or nothing is protected at all.
  func requireOpen(_ unit: String) throws(Refusal) {
    if machine.state == .unmanaged { return }
    if case .unprotected(let grant) = machine.state, grant.covers(unit) { return }
    throw Refusal(
      .protected, "\(unit) is protected, and that would loosen it.",
      hint: "Unprotect it first: holdfast unprotect -")
  }

  // MARK: Restarting

  /// Seconds between two restarts of one service without a token.
  private static let restartEvery: UInt64 = 60

  func restart(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...1)
    let unit = guards.unit(named: request.arguments[0])
    guard let service = guards.definition(of: unit), unit != Own.service else {
      throw Refusal(
        .unitUnknown, "\(unit.prefix(255)) is not a protected service here.",
        hint: "What is not protected is restarted by systemctl restart.")
    }
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      let now = Clock.boottimeMicroseconds()
      if let last = lastRestart[unit], now < last + Self.restartEvery * 1_000_000 {
        let wait = (last + Self.restartEvery * 1_000_000 - now) / 1_000_000 + 1
        throw Refusal(
          .busy, "\(unit) was restarted less than \(Self.restartEvery) seconds ago.",
          hint: "Try again in \(wait) seconds.")
      }
      let isReleased =
        machine.state.grant?.covers(unit) == true || settings.mode(of: unit) == .audit
      if !isReleased {
        // Only what the baseline knows is started.
        for shield in ShieldName.allCases {
          if let problem = board.inspect(service, shield).first {
            inspectSoon()
            throw Refusal(
              .busy, "\(problem.sentence); it is being put right, so \(unit) was not restarted.",
              hint: "Try again in a second.")
          }
        }
      }
      lastRestart[unit] = now
      let record = recorder.event("restart", outcome: unit, peer: connection.peer)
      let done = { [weak self] (failure: String?) in
        if let failure, let self {
          refuse(
            connection, Refusal(.internalError, "systemd did not restart it: \(failure)"))
        } else {
          connection.succeed([
            .init(name: "unit", value: .string(unit)),
            .init(name: "record", value: record.map(JSON.integer) ?? .null),
          ])
        }
      }
      isReleased ? manager.restart(unit, done: done) : manager.restartProtected(unit, done: done)
    }
  }
}
