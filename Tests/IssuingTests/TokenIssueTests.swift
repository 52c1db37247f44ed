import AgentToken
import Issuing
import Testing

@Suite struct TokenIssueTests {
  @Test func aTokenSaysWhatWasAskedFor() throws {
    let workshop = try Workshop.equipped()
    let token = try workshop.issuer().issue(
      TokenRequest(
        scope: .agent, tenant: "retail", agent: "web-03", subject: "Ana Müller", window: 1800,
        services: ["filebeat.service", "audit@1.service"], lifetime: 300))
    let judged = try judge(token.text, workshop.enrolled())
    #expect(judged.issuer == "eu-prod")
    #expect(judged.tenant == "retail")
    #expect(judged.agent == "web-03")
    #expect(judged.subject == "Ana Müller")
    #expect(judged.window == 1800)
    #expect(judged.services == ["filebeat.service", "audit@1.service"])
    #expect(judged.issuedAt == Workshop.noon)
    #expect(judged.expires == Workshop.noon + 300)
    #expect(judged.sequence == 4)
    #expect(judged.kid == "agent-installer-1")
    #expect(!judged.bundleBehind)
  }

  @Test func aTokenLives15MinutesUnlessLessIsAsked() throws {
    let workshop = try Workshop.equipped()
    let token = try workshop.issuer().issue(TokenRequest(scope: .cluster))
    #expect(token.content.expires == Workshop.noon + 900)
    #expect(token.content.window == nil)
    #expect(token.content.services == nil)
  }

  @Test func noTwoTokensHaveTheSameID() throws {
    let issuer = try Workshop.equipped()
    let ids = try (0..<20).map { _ in
      try issuer.issuer().issue(TokenRequest(scope: .cluster)).content.jti
    }
    #expect(Set(ids).count == 20)
  }

  @Test(arguments: [
    TokenRequest(scope: .cluster, tenant: "retail"),
    TokenRequest(scope: .cluster, agent: "web-03"),
    TokenRequest(scope: .tenant),
    TokenRequest(scope: .tenant, tenant: "retail", agent: "web-03"),
    TokenRequest(scope: .tenant, tenant: "re tail"),
    TokenRequest(scope: .agent),
    TokenRequest(scope: .agent, tenant: "retail"),
    TokenRequest(scope: .agent, agent: "web-03"),
    TokenRequest(scope: .agent, tenant: "retail", agent: ""),
    TokenRequest(scope: .cluster, subject: ""),
    TokenRequest(scope: .cluster, subject: "a\nb"),
    TokenRequest(scope: .cluster, subject: "a\u{202E}b"),
    TokenRequest(scope: .cluster, subject: String(repeating: "a", count: 129)),
    TokenRequest(scope: .cluster, window: 59),
    TokenRequest(scope: .cluster, window: 86_401),
    TokenRequest(scope: .cluster, services: ["filebeat"]),
    TokenRequest(scope: .cluster, services: ["a.service", "a.service"]),
    TokenRequest(scope: .cluster, services: (0..<17).map { "a\($0).service" }),
  ])
  func whatNoHostWouldTakeIsRefused(request: TokenRequest) throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    let refused = refusal { _ = try workshop.issuer().issue(request) }
    #expect(refused?.code == .invalid)
    #expect(try workshop.snapshot() == before)
  }

  @Test(arguments: [-1, 0, 901, Int64.max])
  func aLifetimeOver15MinutesIsRefused(lifetime: Int64) throws {
    let workshop = try Workshop.equipped()
    let request = TokenRequest(scope: .cluster, lifetime: lifetime)
    #expect(refusal { _ = try workshop.issuer().issue(request) }?.code == .lifetimeExceedsMaximum)
  }

  @Test func aTokenTooLongForHostsIsNotIssued() throws {
    let workshop = try Workshop.equipped()
    let names = (0..<16).map { "\($0)" + String(repeating: "a", count: 200) + ".service" }
    let request = TokenRequest(scope: .cluster, services: names)
    let refused = refusal { _ = try workshop.issuer().issue(request) }
    #expect(refused?.code == .malformed)
    #expect(refused?.message.contains("2048") == true)
  }

  @Test func aKeyThatEndedSignsNoMore() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.addKey(KeyRequest(role: .siteAdmin, notAfter: Workshop.noon + 100))
    let request = TokenRequest(scope: .cluster)
    #expect(try issuer.issue(request).content.kid == "site-admin-2")
    let later = workshop.issuer(at: Workshop.noon + 100)
    #expect(try later.issue(request).content.kid == "site-admin-1")
    var named = request
    named.kid = "site-admin-2"
    #expect(refusal { _ = try later.issue(named) }?.code == .keyUnavailable)
  }

  @Test func aKeyCanBeNamed() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    var request = TokenRequest(scope: .tenant, kid: "site-admin-1", tenant: "retail")
    #expect(try issuer.issue(request).content.role == .siteAdmin)
    request.role = .customerSupport
    #expect(refusal { _ = try issuer.issue(request) }?.code == .scopeNotAllowed)
    request = TokenRequest(scope: .cluster, kid: "customer-support-1")
    #expect(refusal { _ = try issuer.issue(request) }?.code == .scopeNotAllowed)
    request.kid = "nobody"
    #expect(refusal { _ = try issuer.issue(request) }?.code == .unknownKey)
    _ = try issuer.revokeKey("site-admin-1")
    request.kid = "site-admin-1"
    #expect(refusal { _ = try issuer.issue(request) }?.code == .keyRevoked)
  }

  @Test func aClockBehindTheBundleIsNoticed() throws {
    let workshop = try Workshop.equipped()
    let request = TokenRequest(scope: .cluster)
    _ = try workshop.issuer(at: Workshop.noon - 899).issue(request)
    #expect(
      refusal { _ = try workshop.issuer(at: Workshop.noon - 900).issue(request) }?.code
        == .clockBehind)
  }

  @Test func aRevokedTokenIsRefusedByHostsWithTheNewBundle() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let token = try issuer.issue(TokenRequest(scope: .cluster))
    let first = try issuer.revokeToken(token.content.jti)
    #expect(first.changed)
    #expect(first.bundle.sequence == 5)
    let bundle = try workshop.enrolled()
    #expect(refusal { _ = try judge(token.text, bundle) }?.code == .tokenRevoked)
    let before = try workshop.snapshot()
    #expect(try !issuer.revokeToken(token.content.jti).changed)
    #expect(refusal { _ = try issuer.revokeToken(token.text) }?.code == .invalid)
    #expect(try workshop.snapshot() == before)
  }
}
