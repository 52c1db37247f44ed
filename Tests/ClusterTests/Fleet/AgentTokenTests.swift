import AgentToken
import Cluster
import Issuing
import JSON
import LinkMessages
import Linux
import Testing

/// Agent tokens: who gets which, for whom, and what becomes of them.
@Suite("Agent tokens")
struct IssuingAgentTokensTests {
  private func verify(_ text: String, on host: FleetHost) throws -> VerifiedToken {
    try TokenVerifier(
      bundle: host.bundle, identity: host.identity, revoked: host.revoked, scheme: Libsodium()
    ).verify(
      Array(text.utf8), at: TrustedTime(now: host.world.plane.now()),
      challenges: { $0 == FleetHost.nonce ? .good(elapsed: 1) : .unknown }, spent: { _, _ in nil })
  }

  private func one(_ outcomes: [TokenOutcome]) throws -> GrantedToken {
    #expect(outcomes.count == 1)
    return try #require(outcomes.first).result.get()
  }

  private func code(_ outcome: TokenOutcome) -> Refusal.Code? {
    if case .failure(let refusal) = outcome.result { refusal.code } else { nil }
  }

  @Test func aTokenOpensWhatItIsFor() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let token = try one(
      try await world.plane.issueTokens(
        world.caller(.customerSupport),
        TokenWish(
          scope: .agent, agents: [host.id], window: 600, services: ["example.service"],
          lifetime: 60)))
    let verified = try verify(token.text, on: host)
    #expect(verified.scope == .agent)
    #expect(verified.agent == "web-03")
    #expect(verified.role == .agentInstaller)
    #expect(verified.subject == "customer-support person")
    #expect(verified.window == 600)
    #expect(verified.services == ["example.service"])
    #expect(verified.expires == FleetWorld.noon + 60)
    // It is known before anybody has it, but for its text.
    let kept = try await world.plane.token(world.caller(), verified.jti)
    #expect(kept == token.record)
    #expect(kept.status(at: FleetWorld.noon) == .issued)
    #expect(kept.status(at: FleetWorld.noon + 60) == .expired)
    let entry = try #require(
      try await world.store.audit(.all, AuditFilter(), PageRequest()).items.first)
    #expect(entry.action == "agent-token.issue")
    #expect(entry.target == verified.jti)
    #expect(entry.tenant == "retail")
    #expect(!entry.details.contains(token.text))
  }

  @Test(arguments: AccessRole.allCases, Scope.allCases)
  func whoGetsWhich(_ role: AccessRole, _ scope: Scope) async throws {
    let world = try await FleetWorld()
    _ = try world.issuer.addKey(KeyRequest(role: .tenantOwner, tenants: ["retail"]))
    let host = try await world.host()
    try await host.say()
    let caller = world.caller(role, tenants: role.needsTenants ? ["retail"] : nil)
    let wish = TokenWish(
      scope: scope, tenant: scope == .tenant ? "retail" : nil,
      agents: scope == .agent ? [host.id] : [])
    // As agent-token.md has it; who may have a token for a tenant may have one for an agent.
    let may: Set<AccessRole> =
      switch scope {
      case .cluster: [.siteAdministrator]
      case .tenant: [.siteAdministrator, .customerSupport, .tenantOwner]
      case .agent: [.siteAdministrator, .customerSupport, .tenantOwner, .agentInstaller]
      }
    guard may.contains(role) else {
      #expect(
        await refused { _ = try await world.plane.issueTokens(caller, wish) }?.code == .forbidden)
      #expect(
        try await world.plane.tokens(world.caller()).items.isEmpty)
      return
    }
    let token = try one(try await world.plane.issueTokens(caller, wish))
    #expect(try verify(token.text, on: host).scope == scope)
  }

  @Test func oneForEachAndTheReasonWhereNot() async throws {
    let world = try await FleetWorld()
    let good = try await world.host("good")
    try await good.say()
    let silent = try await world.host("silent")
    let retired = try await world.host("retired")
    try await retired.say()
    _ = try await world.plane.retireAgent(world.caller(), retired.id)
    let unmanaged = try await world.host("unmanaged")
    unmanaged.state = "unmanaged"
    try await unmanaged.say()
    let audit = try await world.host("audit")
    audit.mode = "audit"
    try await audit.say()
    let ids = [silent.id, good.id, "none", retired.id, unmanaged.id, audit.id]
    let outcomes = try await world.plane.issueTokens(
      world.caller(), TokenWish(scope: .agent, agents: ids))
    #expect(outcomes.map(\.agent) == ids)
    let no = Refusal.Code.agentNotProtected
    #expect(outcomes.map(code) == [no, nil, .notFound, no, no, no])
    #expect(try verify(try outcomes[1].result.get().text, on: good).agent == "good")
    #expect(try await world.plane.tokens(world.caller()).items.count == 1)
  }

  @Test func whatCannotBeAskedFor() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let wishes: [(TokenWish, Refusal.Code)] = [
      (TokenWish(scope: .agent), .invalid),
      (TokenWish(scope: .agent, agents: [host.id, host.id]), .invalid),
      (TokenWish(scope: .agent, tenant: "retail", agents: [host.id]), .invalid),
      (TokenWish(scope: .tenant), .invalid),
      (TokenWish(scope: .tenant, tenant: "nowhere"), .notFound),
      (TokenWish(scope: .tenant, tenant: "retail", agents: [host.id]), .invalid),
      (TokenWish(scope: .cluster, tenant: "retail"), .invalid),
      (TokenWish(scope: .cluster, window: 59), .invalid),
      (TokenWish(scope: .cluster, lifetime: 901), .lifetimeExceedsMaximum),
      (TokenWish(scope: .cluster, services: ["nginx"]), .invalid),
    ]
    for (wish, code) in wishes {
      #expect(
        await refused { _ = try await world.plane.issueTokens(world.caller(), wish) }?.code == code)
    }
    #expect(try await world.plane.tokens(world.caller()).items.isEmpty)
  }

  @Test func nobodyReachesAnotherTenant() async throws {
    let world = try await FleetWorld()
    let host = try await world.host("web-03", tenant: "bank")
    try await host.say()
    let owner = world.caller(.tenantOwner, tenants: ["retail"])
    let outcomes = try await world.plane.issueTokens(
      owner, TokenWish(scope: .agent, agents: [host.id]))
    #expect(throws: Refusal.self) { try outcomes[0].result.get() }
    #expect(
      await refused {
        _ = try await world.plane.issueTokens(owner, TokenWish(scope: .tenant, tenant: "bank"))
      }?.code == .notFound)
    // Not even an administrator of some tenants opens all of them.
    #expect(
      await refused {
        _ = try await world.plane.issueTokens(
          world.caller(.siteAdministrator, tenants: ["retail"]), TokenWish(scope: .cluster))
      }?.code == .forbidden)
    // An installer reaches the agents that are its own.
    let installer = world.caller(.agentInstaller, tenants: ["bank"], id: "a-2")
    let none = try await world.plane.issueTokens(
      installer, TokenWish(scope: .agent, agents: [host.id]))
    #expect(throws: Refusal.self) { try none[0].result.get() }
  }

  @Test func aTenantOwnerNeedsAKeyOfTheTenant() async throws {
    let world = try await FleetWorld()
    let owner = world.caller(.tenantOwner, tenants: ["retail"])
    let wish = TokenWish(scope: .tenant, tenant: "retail")
    let refusal = await refused { _ = try await world.plane.issueTokens(owner, wish) }
    #expect(refusal?.code == .keyUnavailable)
    #expect(refusal?.hint?.contains("--tenant retail") == true)
    _ = try world.issuer.addKey(KeyRequest(role: .tenantOwner, tenants: ["retail"]))
    #expect(try one(try await world.plane.issueTokens(owner, wish)).record.role == .tenantOwner)
  }

  // MARK: Revoking

  @Test func revokingReachesEverybodyAtOnce() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let link = try await host.connect()
    try await host.take(link)
    let token = try one(
      try await world.plane.issueTokens(
        world.caller(), TokenWish(scope: .tenant, tenant: "retail")))
    _ = try verify(token.text, on: host)
    let installer = world.caller(.agentInstaller, tenants: ["retail"], id: "a-2")
    #expect(
      await refused {
        _ = try await world.plane.revokeToken(installer, token.record.jti)
      }?.code == .notFound)
    world.advance(5)
    let revoked = try await world.plane.revokeToken(world.caller(), token.record.jti)
    #expect(revoked.revokedAt == FleetWorld.noon + 5)
    try await host.take(link)
    #expect(await refused { _ = try verify(token.text, on: host) }?.code == .tokenRevoked)
    // Again is nothing new.
    _ = try await world.plane.revokeToken(world.caller(), token.record.jti)
    #expect(try world.issuer.revocations()?.sequence == 1)
    #expect(
      await refused { _ = try await world.plane.revokeToken(world.caller(), "none") }?.code
        == .notFound)
  }

  // MARK: What ledgers say

  @Test func aUseIsSeenInTheLedger() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let token = try one(
      try await world.plane.issueTokens(
        world.caller(), TokenWish(scope: .agent, agents: [host.id])))
    try host.note("state")
    let record = try host.unprotect(jti: token.record.jti)
    // What it was used for before it was this cluster's is not ours to say.
    try host.unprotect(jti: "of-another-cluster-1", issuer: "elsewhere")
    _ = try await host.send(since: 1)
    let used = try await world.plane.token(world.caller(), token.record.jti)
    #expect(
      used.uses == [
        IssuedTokenRecord.Use(agent: host.id, at: FleetWorld.noon, record: record, isMeant: true)
      ])
    #expect(used.status(at: FleetWorld.noon) == .used)
    #expect(try await world.openAlarms() == [])
  }

  @Test func aUseWhereItWasNotMeantIsAnAlarm() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let other = try await world.host("web-04", tenant: "bank")
    let tokens =
      try await world.plane.issueTokens(
        world.caller(), TokenWish(scope: .agent, agents: [host.id]))
      + world.plane.issueTokens(world.caller(), TokenWish(scope: .tenant, tenant: "retail"))
    for token in tokens { try other.unprotect(jti: try token.result.get().record.jti) }
    try other.unprotect(jti: "nobody-issued-this-1")
    _ = try await other.send(since: 1)
    let alarms = try await world.openAlarms(.tokenMisused)
    #expect(alarms.count == 3)
    #expect(alarms.allSatisfy { $0.tenant == "bank" && $0.agent == other.id })
    for token in tokens {
      let jti = try token.result.get().record.jti
      #expect(try await world.plane.token(world.caller(), jti).uses.map(\.isMeant) == [false])
    }
  }

  // MARK: Challenges

  private func challenge(of host: FleetHost, size: Int64 = 7) -> String {
    ChallengeText(
      identity: host.identity, nonce: FleetHost.nonce, ledgerSize: size,
      ledgerHead: [1, 2, 3, 4, 5, 6, 7, 8], wall: 0
    ).text
  }

  @Test func aChallengeIsAnswered() async throws {
    let world = try await FleetWorld()
    // It was never heard of, and must get in.
    let host = try await world.host()
    let answer = try await world.plane.answer(
      world.caller(.agentInstaller, tenants: ["retail"]), challenge: challenge(of: host))
    #expect(answer.warnings == [])
    #expect(answer.token.record.answersChallenge)
    let verified = try verify(answer.token.text, on: host)
    #expect(verified.scope == .agent)
    #expect(verified.challengeElapsed == 1)
    #expect(try await world.actions().first == "agent-token.challenge")
    // A ledger that went back.
    let again = try await world.plane.answer(
      world.caller(), challenge: challenge(of: host, size: 3), ChallengeWish(scope: .tenant))
    #expect(again.token.record.scope == .tenant)
    #expect(again.warnings.count == 1)
  }

  @Test func whatIsNoChallengeIsNotAnswered() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let plane = world.plane
    #expect(
      await refused { _ = try await plane.answer(world.caller(), challenge: "x") }?.code
        == .challengeMalformed)
    let elsewhere = ChallengeText(
      identity: try Identity(cluster: "other", tenant: "retail", agent: "web-03"),
      nonce: FleetHost.nonce, ledgerSize: 0, ledgerHead: [], wall: 0
    ).text
    #expect(
      await refused { _ = try await plane.answer(world.caller(), challenge: elsewhere) }?.code
        == .wrongCluster)
    let text = challenge(of: host)
    for caller in [
      world.caller(.tenantOwner, tenants: ["bank"]),
      world.caller(.agentInstaller, tenants: ["retail"], id: "a-2"),
    ] {
      #expect(
        await refused { _ = try await plane.answer(caller, challenge: text) }?.code == .notFound)
    }
    #expect(
      await refused { _ = try await plane.answer(world.caller(.auditor), challenge: text) }?.code
        == .forbidden)
    #expect(
      await refused {
        _ = try await plane.answer(
          world.caller(.agentInstaller, tenants: ["retail"]), challenge: text,
          ChallengeWish(scope: .tenant))
      }?.code == .forbidden)
    #expect(try await plane.tokens(world.caller()).items.isEmpty)
  }

  @Test func whoWasEnrolledByHandGetsInToo() async throws {
    let world = try await FleetWorld()
    let text = ChallengeText(
      identity: try Identity(cluster: FleetWorld.cluster, tenant: "retail", agent: "by-hand"),
      nonce: FleetHost.nonce, ledgerSize: 0, ledgerHead: [], wall: 0
    ).text
    let answer = try await world.plane.answer(world.caller(.customerSupport), challenge: text)
    #expect(answer.warnings.count == 1)
    #expect(answer.token.record.agent == "by-hand")
  }

  /// The list of revocations does not grow for ever, and no clock brings a token back by that.
  @Test func whatIsLongOverIsNamedNoMore() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    func issue() async throws -> GrantedToken {
      try one(
        try await world.plane.issueTokens(
          world.caller(), TokenWish(scope: .agent, agents: [host.id])))
    }
    func revoke(_ token: GrantedToken) async throws -> Revocations {
      _ = try await world.plane.revokeToken(world.caller(), token.record.jti)
      return try world.plane.signer.revoked()
    }
    let first = try await issue()
    #expect(try await revoke(first).jtis == [first.record.jti])
    // One that nobody here issued: who knows when it ends.
    _ = try world.issuer.sign(
      Revocations(kids: [], jtis: ["somebody-elses-1234"], before: [:]))
    world.advance(900 + 86_400)
    let second = try await issue()
    #expect(try await revoke(second).jtis.count == 3, "the first one ended a day ago, not longer")
    world.advance(1)
    let third = try await issue()
    let revoked = try await revoke(third)
    #expect(
      revoked.jtis == [second.record.jti, third.record.jti, "somebody-elses-1234"])
    #expect(revoked.before == [first.record.kid: first.record.issuedAt + 1])
    // A host that has that list alone, and whose clock is where the token was good.
    let verifier = TokenVerifier(
      bundle: host.bundle, identity: host.identity, revoked: revoked, scheme: Libsodium())
    let refusal = await refused {
      _ = try verifier.verify(
        Array(first.text.utf8), at: TrustedTime(now: first.record.issuedAt + 1),
        challenges: { _ in .unknown }, spent: { _, _ in nil })
    }
    #expect(refusal?.code == .tokenRevoked)
    _ = try verify(try await issue().text, on: host)
  }

  /// What was issued while the cluster's clock was ahead would take others with it.
  @Test func whatAWrongClockIssuedStaysNamed() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    func issue() async throws -> GrantedToken {
      try one(
        try await world.plane.issueTokens(
          world.caller(), TokenWish(scope: .agent, agents: [host.id])))
    }
    world.advance(40 * 86_400)
    let ahead = try await issue()
    _ = try await world.plane.revokeToken(world.caller(), ahead.record.jti)
    world.advance(-40 * 86_400)
    let right = try await issue()
    world.advance(80 * 86_400)
    _ = try await world.plane.revokeToken(world.caller(), right.record.jti)
    let revoked = try world.plane.signer.revoked()
    #expect(revoked.jtis == [ahead.record.jti])
    #expect(revoked.before == [right.record.kid: right.record.issuedAt + 1])
  }

  @Test func anAlarmNamesNobodyElsesTenant() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let token = try one(
      try await world.plane.issueTokens(world.caller(), TokenWish(scope: .tenant, tenant: "bank")))
    try host.unprotect(jti: token.record.jti)
    _ = try await host.send(since: 1)
    let alarms = try await world.openAlarms(.tokenMisused)
    #expect(alarms.count == 1 && alarms.first?.tenant == "retail")
    #expect(alarms.first?.message.contains("bank") == false)
  }
}
