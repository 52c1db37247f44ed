internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `guard add`: what a service consists of is found out and judged before anything is touched.
extension Agent {
  /// One `guard add`, as asked.
  struct Addition {
    /// The unit by the name that it was asked for with, which may be an alias.
    let asked: String
    let dryRun: Bool
    let force: Bool
    let connection: ControlConnection
  }

  func add(_ addition: Addition) throws(Refusal) {
    try requireSupported(addition.asked)
    // PID 1 is asked in between, so two at once would not see each other.
    additions.take { [weak self] done in
      self?.gather(addition.asked) { [weak self] reports in
        guard let self else { return done() }
        whenFree(.other, addition.connection, refused: done) { [weak self] () throws(Refusal) in
          try self?.add(addition, reports, done)
        }
      }
    }
  }

  private func add(
    _ addition: Addition, _ reports: [UnitReport], _ done: @escaping () -> Void
  ) throws(Refusal) {
    let asked = addition.asked
    guard let report = reports.first else {
      throw Refusal(
        .internalError, "systemd does not answer for \(asked), so nothing was changed.",
        hint: "Try again; does systemctl status answer?")
    }
    let unit = report.facts.name
    if unit != asked { try requireSupported(unit) }
    let name = unit == asked ? [] : [JSON.Member(name: "asked", value: .string(asked))]
    if let known = guards.definition(of: unit) {
      addition.connection.succeed(
        derived(known, report) + name + [.init(name: "already", value: true)])
      return done()
    }
    guard guards.definitions.count < GuardStore.limit else {
      throw Refusal(
        .unitUnsupported, "At most \(GuardStore.limit) services can be protected on a host.")
    }
    try requireLoaded(report)
    if !addition.force { try requireSpare(unit) }
    let derivation = try derive(reports, for: addition)
    if addition.dryRun {
      board.keepOnly(guards.definitions)
      addition.connection.succeed(
        derived(derivation.service, report, derivation) + name
          + [.init(name: "dry_run", value: true)])
      return done()
    }
    try store(derivation.service)
    recorder.event("guard_added", outcome: unit, peer: addition.connection.peer)
    Announcer.say(
      .guarded, .notice,
      "\(unit) is \(settings.mode(of: unit) == .audit ? "watched" : "protected") from now on.",
      [("UNIT", unit)])
    whenSettled.append { [weak self] in
      defer { done() }
      guard let self, let stored = guards.definition(of: unit) else { return }
      addition.connection.succeed(
        derived(stored, report, derivation) + name + [
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

  /// Takes the baseline; a refusal leaves no copies behind.
  private func derive(
    _ reports: [UnitReport], for addition: Addition
  ) throws(Refusal) -> Derivation {
    let peer = addition.connection.peer
    let unit = reports.first?.facts.name ?? ""
    do throws(Refusal) {
      try requireOwnFiles(reports.flatMap { [$0.facts.fragment] + $0.facts.programs }, of: unit)
      let derivation: Derivation
      do {
        derivation = try board.derive(
          reports.map(\.facts), wishes: wishes(for: unit), upgrades: upgrades(of: unit),
          addedBy: AddedBy(
            uid: Int64(peer.uid), loginUID: peer.loginUID.map(Int64.init), at: Clock.wall()),
          known: guards.definitions)
      } catch {
        throw Refusal(
          .internalError,
          "What \(unit) consists of cannot be kept, so nothing was changed: \(error)",
          hint: error.isDiskFull ? "Make room below \(paths.state), then try again." : nil)
      }
      try requireOwnFiles(derivation.service.everyFile.map(\.path), of: unit)
      try requireAllowed(derivation.service)
      return derivation
    } catch {
      board.keepOnly(guards.definitions)
      throw error
    }
  }

  private func store(_ service: ServiceDefinition) throws(Refusal) {
    do {
      try guards.store(service)
    } catch {
      board.keepOnly(guards.definitions)
      throw Refusal(
        .internalError, "The service cannot be stored, so nothing was changed: \(error)",
        hint: error.isDiskFull ? "Make room below \(paths.state), then try again." : nil)
    }
    settings.add(service.unit)
    settleUpgradePolicies()
    // In the middle of a dpkg run its files may be about to change.
    if board.packages.isInTransaction { try? guards.markVoid([service.unit]) }
  }

  /// What the settings say that goes into a service's definition.
  func wishes(for unit: String) -> DerivingWishes {
    let own = settings.guards[unit]
    return DerivingWishes(
      files: extraFiles(of: unit), logs: own?.logs, allowSignals: own?.allowSignals)
  }

  /// Holdfast itself takes what its cluster signed, which without a release is as strict as any.
  func upgrades(of unit: String) -> UpgradePolicy {
    // Of one package with the daemon, so under one policy.
    let unit = unit == Own.canary ? Own.service : unit
    return settings.guards[unit]?.upgrades ?? (unit == Own.service ? .signed : .token)
  }

  // MARK: What is not taken

  /// A unit's name has to fit into the names of files that are made for it.
  private static let longestName = 200

  /// Judges by the name alone, also of services that came by a file.
  func requireSupported(_ unit: String) throws(Refusal) {
    guard UnitName.isValid(unit) else {
      throw Refusal(.badArguments, "\(unit.prefix(64)) is not the name of a unit with its suffix.")
    }
    guard !Own.parts.contains(unit) else {
      throw Refusal(
        .unitUnsupported, "\(unit) is a part of Holdfast and protected with \(Own.service).")
    }
    guard unit != Own.link else {
      throw Refusal(
        .unitUnsupported,
        "\(unit) is a part of Holdfast: its files are protected with \(Own.service), and nothing rests "
          + "on its running.")
    }
    guard unit != Own.canary else {
      throw Refusal(
        .unitUnsupported, "\(unit) is there to be attacked.", hint: "holdfast doctor --prove")
    }
    guard unit.hasSuffix(".service") else {
      let starts = [".socket", ".timer", ".path"].contains(where: unit.hasSuffix)
      throw Refusal(
        .unitUnsupported, "Only services can be protected, and \(unit) is none.",
        hint: starts ? "Name the service that it starts: the two are protected together." : nil)
    }
    guard unit.utf8.count <= Self.longestName else {
      throw Refusal(
        .unitUnsupported,
        "\(unit.prefix(64))… is too long: a name has at most \(Self.longestName) bytes here.")
    }
    if unit.hasSuffix("@.service") {
      throw Refusal(
        .unitUnsupported, "\(unit) is a template.",
        hint: "Name one of its instances, such as "
          + "\(unit.dropLast(".service".count))NAME.service.")
    }
  }

  /// Whoever protects what the host needs to be reached or to boot has to say that this is meant.
  private func requireSpare(_ unit: String) throws(Refusal) {
    if let purpose = EssentialUnits.purpose(of: unit) {
      throw Refusal(
        .unitUnsupported,
        "\(unit) is not protected without force, because \(purpose): once protected, nobody can "
          + "change, stop or restart it without an agent token.",
        hint: "If that is what you want: holdfast guard add --force \(unit)")
    }
  }

  /// Judges by what systemd says.
  private func requireLoaded(_ report: UnitReport) throws(Refusal) {
    let (unit, facts) = (report.facts.name, report.facts)
    switch facts.loadState {
    case "loaded": break
    case "not-found":
      throw Refusal(
        .unitUnknown, "There is no unit \(unit) on this host.",
        hint: "Which there are: systemctl list-unit-files --type=service")
    case "masked":
      throw Refusal(
        .unitUnsupported, "\(unit) is masked, so it cannot run.",
        hint: "systemctl unmask \(unit), then try again.")
    case let other:
      throw Refusal(
        .unitUnsupported, "systemd cannot load \(unit) (\(other)), so it cannot be protected.",
        hint: "What is wrong with it: systemctl status \(unit)")
    }
    if !facts.source.isEmpty {
      throw Refusal(
        .unitUnsupported,
        "\(unit) is made by a generator, from \(facts.source), at every start of this host.",
        hint: "Give it a unit file of its own: "
          + "systemctl cat \(unit) shows one to put into /etc/systemd/system.")
    }
    if facts.fragment.isEmpty || facts.fragment.hasPrefix("/run/") {
      throw Refusal(
        .unitUnsupported,
        "\(unit) has no unit file that would be there after the next boot"
          + (facts.fragment.isEmpty ? "." : ": \(facts.fragment)."),
        hint: "Install its unit file below /etc/systemd/system or /usr/lib/systemd/system.")
    }
    if facts.type == "oneshot", !facts.remainsAfterExit {
      throw Refusal(
        .unitUnsupported, "\(unit) runs once and ends, so there is nothing to keep running.",
        hint: facts.triggeredBy.isEmpty
          ? nil : "What starts it again is \(facts.triggeredBy.joined(separator: ", ")).")
    }
  }

  /// Files that others can change from elsewhere cannot be kept, and looking at one may hang.
  private func requireOwnFiles(_ files: [String], of unit: String) throws(Refusal) {
    guard let mounts = try? Mounts.all() else { return }
    for path in files {
      guard let found = mounts.under(path), found.isForeign else { continue }
      throw Refusal(
        .unitUnsupported,
        "\(path), of \(unit), lies on a file system that others can change (\(found.type)).",
        hint: "Install it on a file system of this host's own, then try again.")
    }
  }

  /// Protection must not become malware's bodyguard.
  func requireAllowed(_ definition: ServiceDefinition) throws(Refusal) {
    let unit = definition.unit
    // What a signed profile names needs no word of an administrator.
    if settings.profile?.units.contains(unit) == true { return }
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

  // MARK: What is shown

  /// A service in the words of the control socket, as it is known or was just derived.
  func derived(
    _ service: ServiceDefinition, _ report: UnitReport? = nil, _ derivation: Derivation? = nil
  ) -> [JSON.Member] {
    let unit = service.units.first
    let cgroup = groups[service.unit]?.path ?? report?.controlGroup
    var members: [JSON.Member] = [
      .init(name: "unit", value: .string(service.unit)),
      .init(name: "description", value: .string(service.description)),
      .init(name: "fragment", value: unit?.fragment.map { .string($0.path) } ?? .null),
      .init(name: "dropins", value: .strings(unit?.dropIns.map(\.path) ?? [])),
      .init(name: "aliases", value: .strings(service.aliases)),
      .init(name: "triggers", value: .strings(service.units.dropFirst().map(\.name))),
      .init(name: "program", value: .strings(service.programs.map(\.path))),
      .init(name: "settings", value: .strings(service.settings.map(\.path))),
      .init(
        name: "package",
        value: service.package.map {
          ["name": .string($0.name), "version": .string($0.version)]
        } ?? .null),
      .init(name: "upgrades", value: .string(service.upgrades.rawValue)),
      .init(name: "mode", value: .string(settings.mode(of: service.unit).rawValue)),
      .init(name: "logs", value: .strings(service.logs)),
      .init(name: "allow_signals", value: .strings(service.allowSignals)),
      .init(
        name: "cgroup", value: cgroup.flatMap { $0.isEmpty ? nil : .string($0) } ?? .null),
    ]
    if let derivation {
      let origins = derivation.origins.sorted { $0.key < $1.key }
      members += [
        .init(
          name: "origins",
          value: .object(origins.map { JSON.Member(name: $0.key, value: .string($0.value)) })),
        .init(name: "logs_from", value: derivation.rotation.map { .string($0) } ?? .null),
        .init(name: "notes", value: .strings(derivation.notes + notes(on: service))),
      ]
    }
    return members
  }

  /// What somebody should know who protects such a service.
  private func notes(on service: ServiceDefinition) -> [String] {
    var notes: [String] = []
    if let fragment = service.units.first?.fragment?.path,
      let template = UnitPaths.template(of: service.unit), fragment.hasSuffix("/\(template)")
    {
      notes.append(
        "\(fragment) is a template: it stays as it is for its other instances too.")
    }
    if let mounts = try? Mounts.all(),
      let path = service.everyFile.map(\.path).first(where: {
        mounts.under($0)?.isReadOnly == true
      })
    {
      notes.append("\(path) lies on a read-only file system, and is put back once that is not so.")
    }
    return notes
  }
}
