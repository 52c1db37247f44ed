internal import AgentToken
internal import Configuration
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `guard add`, `guard remove`, `guard list` and `restart`.
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
      try addGuard(
        request.arguments[1], dryRun: rest.contains("dry-run"), force: rest.contains("force"),
        connection)
    default:
      throw Refusal(
        .badArguments, "It is guard add UNIT [dry-run] [force], guard remove UNIT or guard list.")
    }
  }

  // MARK: Adding

  private func addGuard(
    _ unit: String, dryRun: Bool, force: Bool, _ connection: ControlConnection
  ) throws(Refusal) {
    guard UnitName.isValid(unit) else {
      throw Refusal(.badArguments, "\(unit.prefix(64)) is not the name of a unit with its suffix.")
    }
    try requireSupported(unit, force: force)
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      if let known = guards.definition(of: unit) {
        return connection.succeed(derived(known) + [.init(name: "already", value: true)])
      }
      guard guards.definitions.count < GuardStore.limit else {
        throw Refusal(
          .unitUnsupported, "At most \(GuardStore.limit) services can be protected on a host.")
      }
      manager.reports(of: units(of: unit)) { [weak self] reports in
        guard let self else { return }
        do throws(Refusal) {
          try add(reports, unit, dryRun: dryRun, connection)
        } catch {
          refuse(connection, error)
        }
      }
    }
  }

  func requireSupported(_ unit: String, force: Bool) throws(Refusal) {
    guard unit.hasSuffix(".service") else {
      throw Refusal(.unitUnsupported, "Only services can be protected, and \(unit) is none.")
    }
    if unit.hasSuffix("@.service") {
      throw Refusal(
        .unitUnsupported, "\(unit) is a template.", hint: "Name one of its instances.")
    }
    let core = ["dbus.service", "dbus-broker.service", "init.service"]
    if !force, unit.hasPrefix("systemd-") || core.contains(unit) {
      throw Refusal(
        .unitUnsupported,
        "\(unit) is a part of the system itself; protecting it can keep others from working.",
        hint: "If that is what you want, add force.")
    }
  }

  private func add(
    _ reports: [UnitReport], _ unit: String, dryRun: Bool, _ connection: ControlConnection
  ) throws(Refusal) {
    guard let report = reports.first else {
      throw Refusal(.internalError, "systemd does not answer for \(unit).")
    }
    switch report.facts.loadState {
    case "loaded": break
    case "not-found": throw Refusal(.unitUnknown, "There is no unit \(unit) on this host.")
    default:
      throw Refusal(
        .unitUnsupported, "\(unit) is \(report.facts.loadState) and cannot be protected.")
    }
    if report.facts.type == "oneshot", !report.facts.remainsAfterExit {
      throw Refusal(
        .unitUnsupported, "\(unit) runs once and ends, so there is nothing to keep running.")
    }
    if report.facts.fragment.isEmpty || report.facts.fragment.hasPrefix("/run/") {
      throw Refusal(
        .unitUnsupported, "\(unit) has no unit file that would be there after the next boot.")
    }
    let addedBy = AddedBy(
      uid: Int64(connection.peer.uid), loginUID: connection.peer.loginUID.map(Int64.init),
      at: Clock.wall())
    let definition: ServiceDefinition
    do {
      definition = try board.define(
        reports.map(\.facts), upgrades: .token, addedBy: addedBy, extra: extraFiles(of: unit),
        known: guards.definitions)
    } catch {
      throw Refusal(.internalError, "What \(unit) consists of cannot be read: \(error)")
    }
    do throws(Refusal) {
      try requireAllowed(definition)
    } catch {
      board.keepOnly(guards.definitions)  // a refusal leaves no copies behind
      throw error
    }
    if dryRun {
      board.keepOnly(guards.definitions)
      return connection.succeed(derived(definition) + [.init(name: "dry_run", value: true)])
    }
    do {
      try guards.store(definition)
    } catch {
      throw Refusal(.internalError, "The service cannot be stored: \(error)")
    }
    settings.add(unit)
    // In the middle of a dpkg run its files may be about to change.
    if board.packages.isInTransaction { try? guards.markVoid([unit]) }
    recorder.event("guard_added", outcome: unit, peer: connection.peer)
    Announcer.say(.guarded, .notice, "\(unit) is protected from now on.", [("UNIT", unit)])
    whenSettled.append { [weak self] in
      guard let self, let stored = guards.definition(of: unit) else { return }
      connection.succeed(
        derived(stored) + [
          .init(name: "state", value: .string(machine.state.name)),
          .init(name: "file", value: .string(settings.file(for: unit))),
        ])
    }
    if machine.state == .unmanaged {
      settle()
    } else {
      handle(.definitionsChanged)
    }
  }

  /// Protection must not become malware's bodyguard.
  func requireAllowed(_ definition: ServiceDefinition) throws(Refusal) {
    let unit = definition.unit
    switch settings.current.localGuards {
    case .any: return
    case .none:
      throw Refusal(
        .unitUnsupported, "LocalGuards=none: services are not added on this host itself.")
    case .packaged:
      guard definition.package != nil else {
        throw Refusal(
          .unitUnsupported, "\(unit) is not from an installed package, and LocalGuards=packaged.",
          hint: "Install it from a package, or set LocalGuards=any in \(paths.configuration)/"
            + "holdfast.conf while this host is unprotected or not enrolled.")
      }
      if let override = board.firstOverride(definition) {
        throw Refusal(
          .unitUnsupported,
          "\(override) changes what \(unit) runs, belongs to no package, and LocalGuards=packaged.",
          hint: "Remove it, or ship it in a package.")
      }
      if let changed = board.firstNotAsShipped(definition) {
        throw Refusal(
          .unitUnsupported,
          "\(changed) is not as its package shipped it, and LocalGuards=packaged.",
          hint: "Reinstall the package, or find out who changed it.")
      }
    }
  }

  private func derived(_ service: ServiceDefinition) -> [JSON.Member] {
    [
      .init(name: "unit", value: .string(service.unit)),
      .init(name: "description", value: .string(service.description)),
      .init(
        name: "fragment", value: service.units.first?.fragment.map { .string($0.path) } ?? .null),
      .init(
        name: "dropins", value: .strings(service.units.first?.dropIns.map(\.path) ?? [])),
      .init(name: "program", value: .strings(service.programs.map(\.path))),
      .init(name: "settings", value: .strings(service.settings.map(\.path))),
      .init(
        name: "package",
        value: service.package.map {
          ["name": .string($0.name), "version": .string($0.version)]
        } ?? .null),
      .init(name: "upgrades", value: .string(service.upgrades.rawValue)),
      .init(
        name: "cgroup", value: controlGroups[service.unit].map { .string($0) } ?? .null),
    ]
  }

  private func list(_ connection: ControlConnection) {
    let services = guards.definitions.map { service in
      JSON.object(derived(service) + [.init(name: "added_by", value: service.addedBy.json)])
    }
    connection.succeed([.init(name: "services", value: .array(services))])
  }

  // MARK: Removing

  private func removeGuard(
    _ unit: String, _ connection: ControlConnection
  ) throws(Refusal) {
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
      tallies[unit] = nil
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
    let unit = request.arguments[0]
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
      let isReleased = machine.state.grant?.covers(unit) == true
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
