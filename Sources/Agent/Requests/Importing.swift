internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection

/// `profile`, `revocations` and `time`: what a cluster's online keys sign.
extension Agent {
  /// Whom this host belongs to, protected or not.
  ///
  /// - Throws: `not_enrolled`, `trust_missing`.
  func requireTrust() throws(Refusal) -> TrustStore.Trust {
    guard let own = trust.trust else {
      throw wasEnrolled ? Refusal.trustMissing : Refusal.notEnrolled
    }
    return own
  }

  /// Takes an artefact in its turn.
  private func take(
    _ request: ControlRequest, _ connection: ControlConnection,
    _ run: @escaping (TrustStore.Trust, [UInt8]) throws(Refusal) -> Void
  ) throws(Refusal) {
    try request.expect(1...1)
    _ = try requireTrust()
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      try run(requireTrust(), Array(request.arguments[0].utf8))
    }
  }

  // MARK: Profiles

  func profile(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try take(request, connection) { [weak self] (own, text) throws(Refusal) in
      guard let self else { return }
      let time = timekeeper.time()
      let profile = try own.verifier(scheme).profile(
        text, enrolment: own.enrolment, after: (own.profile, own.profileVersion), at: time)
      guard let profile else {
        return connection.succeed([
          .init(name: "version", value: .integer(own.profileVersion)),
          .init(name: "changed", value: false),
          .init(name: "state", value: .string(machine.state.name)),
        ])
      }
      let plan = settings.plan(try Self.settings(of: profile))
      guard plan.guards.count <= GuardSettings.maxServices else {
        throw Refusal(
          ArtefactType.profile.malformed,
          "With its services this host would protect \(plan.guards.count), and at most "
            + "\(GuardSettings.maxServices) are.")
      }
      try checkLoosening(profile, plan, own, at: time)
      try store(profile, plan, connection.peer)
      let modes = modes
      settings.take(plan)
      _ = adopt(plan.outcome, modes: modes)
      let dismissal = dismissal
      whenSettled.append { [weak self] in
        guard let self else { return }
        connection.succeed([
          .init(name: "version", value: .integer(profile.version)),
          .init(name: "changed", value: true),
          .init(name: "state", value: .string(machine.state.name)),
          .init(name: "taken", value: .array(plan.outcome.taken.map(Self.json))),
        ])
      }
      handle(.profileTaken(dismissal: dismissal))
    }
  }

  /// - Throws: `profile_malformed`.
  private static func settings(of profile: SignedProfile) throws(Refusal) -> ProfileSettings {
    do throws(ConfigurationIssues) {
      return try ProfileSettings(profile.settings)
    } catch {
      throw Refusal(
        ArtefactType.profile.malformed,
        "Its settings are not as they must be: \(error.issues.map(\.description).joined(separator: " "))",
        hint: "Its settings are the keys of holdfast.conf(5); this host may have an older Holdfast."
      )
    }
  }

  private func checkLoosening(
    _ profile: SignedProfile, _ plan: SettingsStore.Plan, _ own: TrustStore.Trust,
    at time: TrustedTime
  ) throws(Refusal) {
    var loosened = plan.asked.filter(\.loosens).map { change in
      change.unit.map { "\(change.key) of \($0)" } ?? change.key
    }
    // Nor does one that only tightens keep off what another one switched off: being off is loose.
    if !plan.profile.isEnabled { loosened.append("[Protection] Enabled") }
    guard !loosened.isEmpty else { return }
    try profile.checkLoosening(loosened, at: time)
  }

  /// On disk with all that comes of it, and on record before that, or nothing is changed.
  private func store(
    _ profile: SignedProfile, _ plan: SettingsStore.Plan, _ peer: Peer
  ) throws(Refusal) {
    let taken = plan.outcome.taken.map { change in
      "\(change.unit.map { "\($0): " } ?? "")\(change.key)=\(change.new ?? "none")"
    }
    let details = [
      ("signer", profile.signer.kid), ("protection", plan.profile.isEnabled ? "on" : "off"),
      ("taken", taken.joined(separator: "; ")),
    ]
    do {
      try recorder.intent("profile", outcome: "\(profile.version)", peer: peer, details: details)
    } catch {
      throw Refusal(
        .internalError, "The profile cannot be recorded, so it was not taken: \(error)",
        hint: "Is the disk below \(paths.state) readable and writable?")
    }
    do {
      try trust.take(profile, plan.change)
    } catch {
      throw Refusal(
        .internalError, "The profile cannot be stored, so nothing was changed: \(error)",
        hint: error.isDiskFull ? "Make room below \(paths.state), then try again." : nil)
    }
  }

  // MARK: Revocations

  func revocations(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try take(request, connection) { [weak self] (own, text) throws(Refusal) in
      guard let self else { return }
      let here = own.revocations
      let list = try own.verifier(scheme).revocations(
        text, after: (here.sequence, here.payload))
      guard let list else {
        return connection.succeed([
          .init(name: "seq", value: .integer(here.sequence)),
          .init(name: "changed", value: false),
        ])
      }
      guard own.with(list).revocations.revoked.count <= TrustStore.Revoking.limit else {
        throw Refusal(
          .init(rawValue: "revocations_too_many"),
          "This host would keep more than \(TrustStore.Revoking.limit) revocations.",
          hint: "Have the next trust bundle say them, and import that first.")
      }
      do {
        try trust.add(list)
      } catch {
        throw Refusal(.internalError, "The revocations cannot be stored: \(error)")
      }
      recorder.event(
        "revocations", outcome: "\(list.sequence)", peer: connection.peer,
        details: [
          ("signer", list.kid), ("kids", list.revoked.kids.sorted().joined(separator: " ")),
          ("tokens", "\(list.revoked.jtis.count)"),
          ("before", list.revoked.before.keys.sorted().joined(separator: " ")),
        ])
      whenSettled.append {
        connection.succeed([
          .init(name: "seq", value: .integer(list.sequence)),
          .init(name: "changed", value: true),
        ])
      }
      reconsiderDismissal()
      settle()
    }
  }

  // MARK: Time

  func time(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try take(request, connection) { [weak self] (own, text) throws(Refusal) in
      guard let self else { return }
      let time = try own.verifier(scheme).time(text) { judge(nonce: $0, for: own.identity) }
      let before = timekeeper.offset
      do throws(SystemError) {
        try timekeeper.take(signedTime: time.issuedAt, elapsed: time.elapsed)
      } catch {
        throw Refusal(
          .internalError, "The time cannot be stored, so nothing was changed: \(error)",
          hint: error.isDiskFull ? "Make room below \(paths.state), then try again." : nil)
      }
      recorder.event(
        "time", outcome: timekeeper.standing.rawValue, peer: connection.peer,
        details: [
          ("signer", time.kid), ("issued", "\(time.issuedAt)"), ("previous_offset", "\(before)"),
        ])
      connection.succeed([
        .init(name: "now", value: .integer(timekeeper.time().now)),
        .init(name: "clock", value: .string(timekeeper.standing.rawValue)),
        .init(name: "changed", value: true),
      ])
    }
  }
}
