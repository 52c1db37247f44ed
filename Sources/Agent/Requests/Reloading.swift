internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection

/// `reload`: takes from /etc/holdfast what is stricter, and what is not where the host is open.
extension Agent {
  func reload(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      let modes = modes
      let problems = settings.problems
      let outcome = settings.take(isOpen: isFullyOpen, open: machine.state.grant?.services ?? [])
      guard settings.problems.isEmpty else {
        if problems != settings.problems { inspectSoon() }  // degraded from now on
        throw Refusal(
          .badArguments, settings.problems.joined(separator: "\n"),
          hint: "Nothing was taken. holdfast config validate says the same.")
      }
      let added = adopt(outcome, modes: modes)
      if !outcome.taken.isEmpty {
        recorder.event(
          "reload", outcome: "taken", peer: connection.peer,
          details: outcome.taken.map { ($0.key, $0.new ?? "none") })
      }
      let reply: [JSON.Member] = [
        .init(name: "taken", value: .array(outcome.taken.map(Self.json))),
        .init(name: "refused", value: .array(outcome.refused.map(Self.json))),
      ]
      guard added, machine.state != .unmanaged else {
        // In a loop that is work for nothing.
        if !outcome.taken.isEmpty || problems != settings.problems { inspectSoon() }
        return connection.succeed(reply)
      }
      whenSettled.append { connection.succeed(reply) }
      handle(.definitionsChanged)
    }
  }

  /// What the files say, at start; returns what there is to complain about.
  func loadSettings() {
    let outcome = settings.load(isOpen: !wasEnrolled, profile: storedProfile)
    _ = adopt(outcome, modes: [:])
    for problem in settings.problems { Announcer.say(.trouble, .error, problem) }
    for change in outcome.refused {
      Announcer.say(
        .trouble, .warning,
        "\(change.unit.map { "\($0): " } ?? "")\(change.key)=\(change.new ?? "") would loosen "
          + "protection and was left out.")
    }
  }

  /// What the profile that was accepted last says.
  private var storedProfile: ProfileSettings? {
    guard let profile = trust.trust?.currentProfile else { return nil }
    do {
      return try ProfileSettings(profile.settings)
    } catch {
      // Of a Holdfast that knew more: what came of it stands in the accepted settings.
      Announcer.say(
        .trouble, .warning, "The profile \(profile.version) is not understood any more: \(error)")
      return nil
    }
  }

  /// Puts taken settings to work. Services that came are defined by the next engaging.
  ///
  /// - Returns: whether there is something to engage.
  func adopt(
    _ outcome: SettingsStore.Outcome, modes: [String: ProtectionMode]
  ) -> Bool {
    failures.perMinute = settings.current.control.failedTokensPerMinute
    applyLimits()
    var changed = false
    for unit in settings.guards.keys.sorted() where guards.definition(of: unit) == nil {
      guard (try? requireSupported(unit)) != nil else { continue }
      adoptUndefined(unit)
      changed = true
    }
    for change in outcome.taken where change.key.hasSuffix("Files") {
      if let unit = change.unit, let path = change.new { changed = keep(path, of: unit) || changed }
    }
    changed = adoptServiceSettings(outcome.taken, modes: modes) || changed
    if isFullyOpen {
      for definition in guards.definitions
      where definition.unit != Own.service && settings.guards[definition.unit] == nil {
        try? guards.remove(definition.unit)
        recorder.event("guard_removed", outcome: definition.unit)
      }
    }
    return changed
  }

  /// One more file of a service that is protected: added to its baseline, of which nothing else is
  /// taken anew.
  private func keep(_ path: String, of unit: String) -> Bool {
    guard let service = guards.definition(of: unit), !guards.void.contains(unit) else {
      return true
    }
    do {
      guard let extended = try board.add(path, to: service) else { return false }
      try guards.store(extended)
      return true
    } catch {
      Announcer.say(.trouble, .warning, "\(path) cannot be kept for \(unit): \(error)")
      return false
    }
  }

  /// Nothing is protected, or everything is released.
  var isFullyOpen: Bool {
    if machine.state == .unmanaged { return !wasEnrolled || dismissal != nil }
    guard case .unprotected(let grant) = machine.state else { return false }
    return guards.definitions.allSatisfy { grant.covers($0.unit) }
  }

  /// A service of which only the name is known so far.
  func adoptUndefined(_ unit: String) {
    do {
      try guards.store(
        ServiceDefinition(
          unit: unit, description: "", units: [], programs: [], settings: [], package: nil,
          upgrades: upgrades(of: unit), addedBy: AddedBy(uid: 0, loginUID: nil, at: Clock.wall())))
      try guards.markVoid([unit])
    } catch {
      Announcer.say(.trouble, .error, "\(unit) cannot be guarded: \(error)")
    }
  }

  static func json(_ change: SettingChange) -> JSON {
    [
      "unit": change.unit.map { .string($0) } ?? .null, "key": .string(change.key),
      "old": change.old.map { .string($0) } ?? .null,
      "new": change.new.map { .string($0) } ?? .null,
    ]
  }
}
