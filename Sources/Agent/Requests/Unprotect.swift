internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection

/// `unprotect` and `check`: the way in.
extension Agent {
  func check(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...1)
    let token: VerifiedToken
    switch try judge(request, connection) {
    case .good(let good): token = good
    case .spent(let spent, let record):
      if machine.state.grant?.wasOpened(by: spent) == true {
        token = spent
      } else {
        throw failed(TokenVerifier.alreadyUsed(record), request, connection)
      }
    }
    // An answer is good for as long as its challenge, whatever its own times are.
    let until = token.challengeElapsed.map { Clock.wall() + Challenge.lifetime - $0 }
    connection.succeed(
      description(of: token)
        + [.init(name: "until", value: .integer(until ?? token.expires))]
        + behind(token))
  }

  func unprotect(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...65)
    // Judged now, so that what waits for its turn is only what verifies, and again at its turn.
    _ = try admitted(request, connection)
    connection.isHeld = true
    whenFree(.release, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      guard let (token, units) = try admitted(request, connection) else {
        return connection.succeed(
          opened(machine.state.grant) + [.init(name: "again", value: true)])
      }
      try accept(token, units, connection)
    }
  }

  /// The token and the units that it is to open; nil where it opened the window that is open.
  private func admitted(
    _ request: ControlRequest, _ connection: ControlConnection
  ) throws(Refusal) -> (VerifiedToken, Set<String>)? {
    switch try judge(request, connection) {
    case .good(let token):
      return (token, try units(for: token, named: request.arguments.dropFirst()))
    case .spent(let token, let record):
      if machine.state.grant?.wasOpened(by: token) == true { return nil }
      throw failed(TokenVerifier.alreadyUsed(record), request, connection)
    }
  }

  private func judge(
    _ request: ControlRequest, _ connection: ControlConnection
  ) throws(Refusal) -> Verdict {
    try requireEnrolled()
    guard let trust = trust.trust else { throw Refusal.trustMissing }
    if let sequence = self.trust.missesBundle {
      throw Refusal(
        .trustMissing,
        "This host's trust bundle was put back to an older one; it has had \(sequence).",
        hint: "Import the newest: holdfast bundle import FILE")
    }
    if let sequence = self.trust.missesRevocations {
      throw Refusal(
        .trustMissing,
        "This host's list of revocations was put back to an older one; it has had \(sequence).",
        hint: "Import the newest: holdfast import FILE")
    }
    let verifier = TokenVerifier(
      bundle: trust.bundle, identity: trust.identity, revoked: trust.revoked, scheme: scheme)
    do throws(Refusal) {
      return try verifier.judge(
        Array(request.arguments[0].utf8),
        at: timekeeper.time(takesBearer: settings.current.bearer == .always),
        challenges: { judge(nonce: $0, for: trust.identity) }, spent: recorder.spent)
    } catch {
      throw failed(error, request, connection)
    }
  }

  /// Counts a failed token against its user; over the limit, the answer is `rate_limited`.
  private func failed(
    _ refusal: Refusal, _ request: ControlRequest, _ connection: ControlConnection
  ) -> Refusal {
    let now = Clock.boottimeMicroseconds()
    let wait = failures.fail(uid: connection.peer.uid, now: now)
    guard let wait else {
      Announcer.say(
        .refused, .warning, "Refused a token: \(refusal.message)",
        [("CODE", refusal.code.rawValue), ("UID", "\(connection.peer.uid)")])
      return refusal
    }
    recorder.refusal(request.verb, refusal.code, connection.peer, on: loop)
    return Refusal(
      .rateLimited,
      "Too many failed tokens from uid \(connection.peer.uid): their reasons are not said for "
        + "another \(wait) seconds. A token that verifies is taken all the same.")
  }

  private func units(
    for token: VerifiedToken, named arguments: ArraySlice<String>
  ) throws(Refusal) -> Set<String> {
    let guarded = Set(guards.definitions.map(\.unit))
    let allowed = token.services.map { Set($0).intersection(guarded) } ?? guarded
    guard !arguments.isEmpty else {
      guard !allowed.isEmpty else {
        throw Refusal(
          .unitUnknown,
          "The token is for \((token.services ?? []).joined(separator: ", ")); none of them is "
            + "protected here.")
      }
      return allowed
    }
    let units = arguments.map(guards.unit(named:))
    for unit in units {
      guard guarded.contains(unit) else {
        throw Refusal(
          .unitUnknown, "\(unit.prefix(255)) is not protected here.",
          hint: "holdfast status lists what is.")
      }
      guard allowed.contains(unit) else {
        throw Refusal(
          .scopeNotAllowed,
          "The token opens \(allowed.sorted().joined(separator: ", ")) only, not \(unit).")
      }
    }
    return Set(units)
  }

  /// Intent on disk, then the state machine's to do. From here on the token is spent.
  private func accept(
    _ token: VerifiedToken, _ units: Set<String>, _ connection: ControlConnection
  ) throws(Refusal) {
    let seconds = min(token.window ?? settings.current.maxWindow, settings.current.maxWindow)
    let now = Clock.wall()
    let record: Int64
    let before = timekeeper.clock
    do {
      // What it says of the time holds once it is spent, and not a moment later.
      try timekeeper.take(token)
      record = try recorder.unprotectIntent(token, units: units, seconds: seconds, connection.peer)
    } catch {
      timekeeper.revert(to: before)
      throw Refusal(
        .internalError,
        "The unprotect cannot be recorded, so it was refused and the token is not spent: \(error)",
        hint: "Is the disk below \(paths.state) readable and writable?")
    }
    if token.challengeElapsed != nil { acceptMachine() }
    let grant = Grant(
      token: token, services: units,
      endsAtBoottime: Clock.boottimeMicroseconds() + UInt64(seconds) * 1_000_000,
      endsAt: now + seconds, record: record)
    whenSettled.append { [weak self] in
      guard let self else { return }
      if case .unprotected(let open) = machine.state {
        connection.succeed(opened(open) + behind(token))
      } else {
        refuse(
          connection,
          Refusal(
            .internalError,
            "Shields could not be released, so everything is protected again; the token is spent.",
            hint: "journalctl -u \(Own.service)"))
      }
    }
    handle(.tokenAccepted(grant))
  }

  /// What an open window is answered with.
  private func opened(_ grant: Grant?) -> [JSON.Member] {
    guard let grant else { return [] }
    let released = grant.services.sorted().map { JSON.Member(name: $0, value: "released") }
    return [
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "until", value: .integer(grant.endsAt)),
    ] + description(of: grant.token) + [
      .init(name: "released", value: .object(released)),
      .init(name: "record", value: .integer(grant.record)),
    ]
  }

  func description(of token: VerifiedToken) -> [JSON.Member] {
    var members: [JSON.Member] = [.init(name: "scope", value: .string(token.scope.rawValue))]
    if let tenant = token.tenant { members.append(.init(name: "tenant", value: .string(tenant))) }
    if let agent = token.agent { members.append(.init(name: "agent", value: .string(agent))) }
    members.append(.init(name: "role", value: .string(token.role.rawValue)))
    members.append(.init(name: "jti", value: .string(token.jti)))
    if let subject = token.subject { members.append(.init(name: "sub", value: .string(subject))) }
    return members
  }

  private func behind(_ token: VerifiedToken) -> [JSON.Member] {
    guard token.bundleBehind else { return [] }
    bundleBehind = true
    return [.init(name: "bundle_behind", value: true)]
  }
}
