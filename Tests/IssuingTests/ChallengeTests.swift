import AgentToken
import Issuing
import Linux
import Testing

/// Tokens that answer a challenge, and what the issuer remembers of who asked.
@Suite struct ChallengeTests {
  private static func challenge(
    _ agent: String = "web-03", cluster: String = "eu-prod", tenant: String = "retail",
    size: Int64 = 100, head: UInt8 = 1
  ) throws -> ChallengeText {
    ChallengeText(
      identity: try Identity(cluster: cluster, tenant: tenant, agent: agent),
      nonce: Base64URL.encode(Array(1...16)), ledgerSize: size,
      ledgerHead: Array(repeating: head, count: 8), wall: 0)
  }

  private static func issue(
    _ workshop: Workshop, _ challenge: ChallengeText, scope: Scope? = nil, role: Role? = nil
  ) throws -> IssuedToken {
    let issuer = workshop.issuer()
    return try issuer.issue(
      issuer.request(answering: challenge, scope: scope) { TokenRequest(scope: $0, role: role) })
  }

  // MARK: Whom it opens

  @Test func anAnswerIsForThatHostAndItsChallenge() throws {
    let workshop = try Workshop.equipped()
    let challenge = try Self.challenge()
    let token = try Self.issue(workshop, challenge)
    #expect(token.content.scope == .agent)
    #expect(token.content.tenant == "retail")
    #expect(token.content.agent == "web-03")
    // No challenge, none known: what a host says that did not make it.
    let refused = refusal { _ = try judge(token.text, workshop.enrolled()) }
    #expect(refused?.code == .challengeUnknown)
    var nonce: String?
    let verifier = TokenVerifier(
      bundle: try workshop.enrolled(), identity: challenge.identity, scheme: Libsodium())
    let judged = try verifier.verify(
      Array(token.text.utf8), at: TrustedTime(now: 5, doubt: .stateMissing),
      challenges: {
        nonce = $0
        return .good(elapsed: 60)
      }, spent: { _, _ in nil })
    #expect(nonce == challenge.nonce)
    #expect(judged.challengeElapsed == 60)
  }

  @Test func itMayBeWider() throws {
    let workshop = try Workshop.equipped()
    let tenant = try Self.issue(workshop, Self.challenge(), scope: .tenant).content
    #expect(tenant.tenant == "retail" && tenant.agent == nil)
    let cluster = try Self.issue(workshop, Self.challenge(), scope: .cluster).content
    #expect(cluster.scope == .cluster && cluster.tenant == nil)
    let owner = try Self.issue(workshop, Self.challenge(), role: .tenantOwner).content
    #expect(owner.scope == .tenant && owner.role == .tenantOwner)
    #expect(
      refusal { _ = try Self.issue(workshop, Self.challenge(), scope: .agent, role: .siteAdmin) }?
        .code == .scopeNotAllowed)
  }

  @Test func withoutAKeyForOneHostItIsForTheTenant() throws {
    let workshop = try Workshop.equipped()
    _ = try workshop.issuer().revokeKey("agent-installer-1")
    let token = try Self.issue(workshop, Self.challenge()).content
    #expect(token.scope == .tenant && token.tenant == "retail")
    // Asked for by name, it is refused with the way out.
    let refused = refusal { _ = try Self.issue(workshop, Self.challenge(), scope: .agent) }
    #expect(refused?.code == .keyUnavailable)
    #expect(refused?.hint?.contains("key add --role agent-installer") == true)
  }

  @Test func withoutAnyKeyTheNarrowOneIsNamed() throws {
    let workshop = try Workshop.equipped()
    for kid in ["agent-installer-1", "customer-support-1", "tenant-owner-1", "site-admin-1"] {
      _ = try workshop.issuer().revokeKey(kid)
    }
    let refused = refusal { _ = try Self.issue(workshop, Self.challenge()) }
    #expect(refused?.code == .keyUnavailable)
    #expect(refused?.hint?.contains("agent-installer") == true)
  }

  @Test func aHostOfAnotherClusterIsRefused() throws {
    let workshop = try Workshop.equipped()
    let challenge = try Self.challenge(cluster: "us-prod")
    let before = try workshop.snapshot()
    #expect(refusal { _ = try Self.issue(workshop, challenge) }?.code == .wrongCluster)
    #expect(try workshop.snapshot() == before)
  }

  // MARK: What is remembered

  @Test func aLedgerThatGrowsIsInOrder() throws {
    let workshop = try Workshop.equipped()
    for size in [0, 1, 100, 100, 5000] {
      let challenge = try Self.challenge(size: Int64(size), head: UInt8(size % 251))
      #expect(workshop.issuer().remember(challenge, reinstalled: false) == [])
    }
  }

  @Test func aLedgerThatWentBackIsNoticedUntilSomebodyVouches() throws {
    let workshop = try Workshop.equipped()
    let noon = Workshop.noon
    func remember(_ size: Int64, _ later: Int64, reinstalled: Bool = false) throws
      -> [ChallengeWarning]
    {
      workshop.issuer(at: noon + later)
        .remember(try Self.challenge(size: size), reinstalled: reinstalled)
    }
    #expect(try remember(100, 0) == [])
    #expect(try remember(40, 10) == [.wentBack(size: 40, earlier: 100, at: noon)])
    // Going on from there does not make it good.
    #expect(try remember(99, 20) == [.wentBack(size: 99, earlier: 100, at: noon)])
    #expect(try remember(5, 30, reinstalled: true) == [])
    #expect(try remember(6, 40) == [])
    #expect(try remember(5, 50) == [.wentBack(size: 5, earlier: 6, at: noon + 40)])
  }

  @Test func anotherLedgerOfTheSameLengthIsNoticed() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    #expect(issuer.remember(try Self.challenge(head: 1), reinstalled: false) == [])
    #expect(issuer.remember(try Self.challenge(head: 1), reinstalled: false) == [])
    #expect(
      issuer.remember(try Self.challenge(head: 2), reinstalled: false)
        == [.otherLedger(size: 100, at: Workshop.noon)])
    // The original, when it asks again.
    #expect(
      issuer.remember(try Self.challenge(head: 1), reinstalled: false)
        == [.otherLedger(size: 100, at: Workshop.noon)])
  }

  @Test func hostsAreKnownApart() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    #expect(issuer.remember(try Self.challenge(size: 100), reinstalled: false) == [])
    for other in [
      try Self.challenge("web-04", size: 5), try Self.challenge(tenant: "bank", size: 5),
    ] {
      #expect(issuer.remember(other, reinstalled: false) == [])
    }
  }

  @Test func theLongestLedgerIsNeverForgotten() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = issuer.remember(try Self.challenge(size: 10_000), reinstalled: false)
    for size in 1...200 {
      let warnings = issuer.remember(try Self.challenge(size: Int64(size)), reinstalled: false)
      #expect(
        warnings == [.wentBack(size: Int64(size), earlier: 10_000, at: Workshop.noon)], "\(size)")
    }
    let file = try #require(try Files.list("\(workshop.directory)/hosts").first)
    #expect(try Files.read("\(workshop.directory)/hosts/\(file)").count < 8192)
  }

  @Test func aDamagedMemoryIsSaidAndBegunAnew() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = issuer.remember(try Self.challenge(), reinstalled: false)
    let name = try #require(try Files.list("\(workshop.directory)/hosts").first)
    let path = "\(workshop.directory)/hosts/\(name)"
    for text in ["", "{}", "{\"seen\":[1]}", "{\"seen\":[{\"at\":1,\"size\":\"2\"}]}", "no"] {
      try Files.writeAtomically(path, Array(text.utf8))
      #expect(
        issuer.remember(try Self.challenge(), reinstalled: false) == [.damaged(path: path)])
      #expect(issuer.remember(try Self.challenge(), reinstalled: false) == [])
    }
  }

  @Test func whatCannotBeRememberedIsSaidAndNotRefused() throws {
    let workshop = try Workshop.equipped()
    try Files.writeAtomically("\(workshop.directory)/hosts", [])
    let warnings = workshop.issuer().remember(try Self.challenge(), reinstalled: false)
    guard case .notRemembered = warnings.first, warnings.count == 1 else {
      Issue.record("\(warnings)")
      return
    }
  }
}
