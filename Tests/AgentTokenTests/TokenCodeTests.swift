import AgentToken
import JSON
import TestSupport
import Testing

/// What each code is for, and what its message must say.
@Suite("Codes of tokens")
struct TokenCodeTests {
  /// All of `parts` must stand in the message.
  private func expect(
    _ refused: Refusal?, _ code: Refusal.Code, _ parts: String...,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(refused?.code == code, sourceLocation: location)
    for part in parts {
      #expect(
        refused?.message.contains(part) == true, "\(refused?.message ?? "")",
        sourceLocation: location)
    }
  }

  @Test func aGoodTokenIsTakenWithAllItSays() throws {
    let token = authority.token(.agentInstaller, jti: "JTI_0123-4567890", lifetime: 900)
      .with("sub", "Anna Müller").with("window", 3_600).with("seq", 41)
      .with("services", ["filebeat.service", "nginx.service"])
    let verified = try authority.verifier().verify(
      token.bytes, at: TrustedTime(now: now), spent: { _, _ in nil })
    #expect(verified.issuer == "eu-prod")
    #expect(verified.jti == "JTI_0123-4567890")
    #expect(verified.scope == .agent)
    #expect(verified.tenant == "retail")
    #expect(verified.agent == "web-1")
    #expect(verified.role == .agentInstaller)
    #expect(verified.subject == "Anna Müller")
    #expect(verified.issuedAt == now - 60)
    #expect(verified.expires == now + 840)
    #expect(verified.window == 3_600)
    #expect(verified.services == ["filebeat.service", "nginx.service"])
    #expect(verified.sequence == 41)
    #expect(verified.kid == "k-agent-installer")
    #expect(!verified.bundleBehind)
  }

  @Test func aTokenThatSaysLittleIsTakenToo() throws {
    let verified = try authority.verifier().verify(
      authority.token(.siteAdmin, scope: .cluster).bytes, at: TrustedTime(now: now),
      spent: { _, _ in nil })
    #expect(verified.scope == .cluster)
    #expect(verified.tenant == nil && verified.agent == nil && verified.subject == nil)
    #expect(verified.window == nil && verified.services == nil && verified.sequence == nil)
    #expect(!verified.bundleBehind)
  }

  @Test(arguments: [(40, false), (41, false), (42, true), (1 << 53 - 1, true)] as [(Int64, Bool)])
  func aTokenFromANewerBundleSaysSo(_ sequence: Int64, _ behind: Bool) throws {
    let verified = try authority.verifier().verify(
      authority.token().with("seq", .integer(sequence)).bytes, at: TrustedTime(now: now),
      spent: { _, _ in nil })
    #expect(verified.bundleBehind == behind)
  }

  @Test func eddsaIsTakenToo() throws {
    #expect(try judged(authority.token().withHeader("alg", "EdDSA")) == nil)
  }

  @Test(
    arguments: [
      "none", "None", "", "HS256", "RS256", "ES256", "ES256K", "PS256", "ed25519", "EDDSA", "eddsa",
      "Ed448", "Ed25519 ", "Ed25519ph",
    ])
  func anyOtherAlgorithmIsUnsupported(_ algorithm: String) throws {
    let refused = try judged(authority.token().withHeader("alg", .string(algorithm)))
    expect(
      refused, .unsupportedAlgorithm, "\"\(algorithm)\"", "\"k-site-admin\"", "41", "1 d old",
      "newer")
  }

  @Test func keysAreRefusedByNameWithTheBundlesSequenceAndAge() throws {
    let two = authority.bundle(issuedAt: now - 86_400 - 7_200, revoked: ["kids": ["k-site-admin"]])
    let bundle = try authority.verifier(two)
    expect(
      try judged(authority.token().bytes, by: bundle), .keyRevoked, "\"k-site-admin\"",
      "sequence 41", "1 d 2 h old", "newer")
    expect(
      try judged(authority.token().withHeader("kid", "k9")), .unknownKey, "\"k9\"", "sequence 41",
      "1 d old", "newer")
    expect(
      try judged(authority.token().signed(by: authority.root, kid: "k-site-admin")), .badSignature,
      "\"k-site-admin\"", "sequence 41", "1 d old", "newer")
    expect(
      try judged(authority.token().signed(by: authority.root, kid: "root-1")), .unknownKey,
      "\"root-1\"")
  }

  @Test func aRevokedKeyThatIsGoneFromTheBundleIsStillCalledRevoked() throws {
    let bundle = authority.bundle(keys: [], revoked: ["kids": ["k-site-admin"]])
    expect(try judged(authority.token().bytes, by: authority.verifier(bundle)), .keyRevoked)
  }

  @Test func aBundleFromTheFutureHasNoNegativeAge() throws {
    let bundle = authority.bundle(issuedAt: now + 90)
    expect(
      try judged(authority.token().withHeader("kid", "k9").bytes, by: authority.verifier(bundle)),
      .unknownKey, "1 min 30 s from now")
  }

  @Test(arguments: [(-1, true), (0, true), (1, false)] as [(Int64, Bool)])
  func aKeyEndsWithItsNotAfter(_ offset: Int64, _ expired: Bool) throws {
    let issued = now - 60
    let keys = [
      authority.keyJWK(.siteAdmin, [.init(name: "not_after", value: .integer(issued + offset))])
    ]
    let verifier = try authority.verifier(authority.bundle(keys: keys))
    let refused = try judged(authority.token(issuedAt: issued).bytes, by: verifier)
    if expired {
      expect(refused, .keyExpired, "\"k-site-admin\"", "sequence 41", "old", "newer")
    } else {
      #expect(refused == nil)
    }
  }

  @Test func whatIsForOthersNamesBoth() throws {
    expect(
      try judged(authority.token().with("iss", "us-prod")), .wrongCluster, "\"us-prod\"",
      "\"eu-prod\"")
    expect(
      try judged(authority.token().with("tenant", "wholesale")), .wrongTenant, "\"wholesale\"",
      "\"retail\"")
    expect(
      try judged(authority.token(.agentInstaller).with("agent", "web-2")), .wrongAgent,
      "\"web-2\"", "\"web-1\"")
    expect(
      try judged(authority.token().with("aud", "\u{1B}[2J")), .wrongAudience, #""\u{1b}[2J""#,
      "\"service-protection\"")
  }

  @Test(arguments: ["", "Service-Protection", "service-protection ", "service", "*"])
  func anyOtherAudienceIsWrong(_ audience: String) throws {
    #expect(try judged(authority.token().with("aud", .string(audience)))?.code == .wrongAudience)
  }

  @Test(
    arguments: [("iss", "EU-PROD"), ("tenant", "Retail"), ("agent", "WEB-1"), ("iss", "eu-prod/")])
  func idsAreComparedByteForByte(_ claim: String, _ value: String) throws {
    let codes: [String: Refusal.Code] = [
      "iss": .wrongCluster, "tenant": .wrongTenant, "agent": .wrongAgent,
    ]
    let token = authority.token(.agentInstaller).with(claim, .string(value))
    #expect(try judged(token)?.code == codes[claim])
  }

  // MARK: Who may sign what

  /// The contract's sentence on roles, as a table; the two other roles sign no token.
  static let allowed: Set<String> = [
    "site-admin cluster", "site-admin tenant", "customer-support tenant", "agent-installer agent",
    "tenant-owner tenant",
  ]

  @Test(arguments: Role.allCases, Scope.allCases)
  func aRoleSignsItsScopesOnly(_ role: Role, _ scope: Scope) throws {
    let refused = try judged(authority.token(role, scope: scope))
    if Self.allowed.contains("\(role.rawValue) \(scope.rawValue)") {
      #expect(refused == nil)
    } else if [.cluster, .release].contains(role) {
      // Their names are no roles of a token, so the claim itself is wrong.
      expect(refused, .malformed, "\"role\"")
    } else {
      expect(refused, .scopeNotAllowed, "role \(role.rawValue)", "may sign")
    }
  }

  @Test(arguments: [Role.cluster, .release])
  func keysOfOtherRolesSignNoToken(_ role: Role) throws {
    let token = authority.token(.siteAdmin)
      .signed(by: authority.pair(for: role), kid: MintingAuthority.kid(for: role))
    expect(try judged(token), .scopeNotAllowed, "role \(role.rawValue)", "may sign no tokens")
  }

  @Test func theRoleClaimMustBeTheKeys() throws {
    // Both may sign tenant scope, and still the claim has to be true.
    let token = authority.token(.customerSupport, scope: .tenant).with("role", "site-admin")
    expect(
      try judged(token), .scopeNotAllowed, "role site-admin", "role customer-support",
      "may sign tenant scope")
  }

  @Test func aKeyIsBoundToItsTenants() throws {
    func refused(_ role: Role, _ scope: Scope, tenants: JSON) throws -> Refusal? {
      let keys = [authority.keyJWK(role, [.init(name: "tenants", value: tenants)])]
      let verifier = try authority.verifier(authority.bundle(keys: keys))
      return try judged(authority.token(role, scope: scope).bytes, by: verifier)
    }
    for (role, scope) in [
      (Role.siteAdmin, Scope.tenant), (.customerSupport, .tenant), (.agentInstaller, .agent),
      (.tenantOwner, .tenant),
    ] {
      #expect(try refused(role, scope, tenants: ["retail"]) == nil)
      #expect(try refused(role, scope, tenants: ["wholesale", "retail"]) == nil)
      expect(
        try refused(role, scope, tenants: ["wholesale"]), .scopeNotAllowed, "\"wholesale\"",
        "\"retail\"", "role \(role.rawValue)")
      expect(try refused(role, scope, tenants: ["Retail", "retail2", "r"]), .scopeNotAllowed)
    }
    // A key with tenants signs nothing for all of them.
    expect(try refused(.siteAdmin, .cluster, tenants: ["retail"]), .scopeNotAllowed)
  }

  // MARK: Revocation, time, replay

  @Test func aRevokedTokenNamesItsKey() throws {
    let verifier = try authority.verifier(
      authority.bundle(revoked: ["jtis": ["jti-other-one-000", "jti-0123456789abcdef"]]))
    expect(
      try judged(authority.token().bytes, by: verifier), .tokenRevoked, "\"k-site-admin\"",
      "\"jti-0123456789abcdef\"", "sequence 41", "old", "newer")
    #expect(try judged(authority.token(jti: "jti-0123456789abcdeF").bytes, by: verifier) == nil)
  }

  @Test(arguments: [(-1, false), (0, false), (1, true)] as [(Int64, Bool)])
  func whatAKeySignedBeforeATimeIsRevoked(_ offset: Int64, _ revoked: Bool) throws {
    let issued = now - 60
    let verifier = try authority.verifier(
      authority.bundle(revoked: ["before": ["k-site-admin": .integer(issued + offset)]]))
    let refused = try judged(authority.token(issuedAt: issued).bytes, by: verifier)
    if revoked {
      expect(refused, .tokenRevoked, "\"k-site-admin\"", "sequence 41", "old", "newer")
    } else {
      #expect(refused == nil)
    }
    // Of another key, nothing is.
    #expect(try judged(authority.token(.customerSupport).bytes, by: verifier) == nil)
  }

  @Test func aChallengeWasNeverMadeHere() throws {
    let token = authority.token().with("nonce", "AAAAAAAAAAAAAAAAAAAAAA")
    expect(try judged(token), .challengeUnknown, "reboot", "another machine")
    // It is not judged by the clock.
    #expect(try judged(token, at: now + 5_000)?.code == .challengeUnknown)
  }

  @Test(arguments: [(60, true), (61, false), (3_600, false)] as [(Int64, Bool)])
  func iatMayBe60SecondsAhead(_ ahead: Int64, _ taken: Bool) throws {
    let refused = try judged(authority.token(issuedAt: now + ahead))
    if taken {
      #expect(refused == nil)
    } else {
      expect(refused, .clockBehind, "\(ahead) s", "slow")
    }
  }

  @Test func aTokenEndsWithItsExp() throws {
    let token = authority.token(issuedAt: now, lifetime: 900)
    #expect(try judged(token, at: now) == nil)
    #expect(try judged(token, at: now + 899) == nil)
    expect(
      try judged(token, at: now + 900), .expired, "0 s ago", "2025-10-09T09:08:20Z",
      "the trusted time used is 2025-10-09T09:08:20Z")
    expect(
      try judged(token, at: now + 900 + 3_725), .expired, "1 h 2 min ago",
      "trusted time used is 2025-10-09T10:10:25Z")
  }

  @Test(arguments: [(-1, true), (0, false), (1, false)] as [(Int64, Bool)])
  func aTokenThatEndedBeforeTheBundleWasSignedIsExpired(_ offset: Int64, _ taken: Bool) throws {
    let expires = now + 840
    let verifier = try authority.verifier(authority.bundle(issuedAt: expires + offset))
    let refused = try judged(authority.token(issuedAt: now - 60).bytes, by: verifier)
    if taken {
      #expect(refused == nil)
    } else {
      expect(refused, .expired, "trusted time used is 2025-10-09T08:53:20Z")
    }
  }

  @Test func replayIsKeyedOnIssuerAndJTI() throws {
    let verifier = try authority.verifier()
    let record = SpentRecord(at: now - 30, record: 1_482)
    var asked: [String] = []
    let token = authority.token()
    let verdict = try verifier.judge(token.bytes, at: TrustedTime(now: now)) { issuer, jti in
      asked.append("\(issuer) \(jti)")
      return record
    }
    #expect(asked == ["eu-prod jti-0123456789abcdef"])
    guard case .spent(let known, record) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(known.jti == "jti-0123456789abcdef")
    // Another text of the same (iss, jti) is the same token.
    let other = token.withHeader("alg", "EdDSA").with("sub", "someone")
    let refused = refusal { () throws(Refusal) in
      try verifier.verify(other.bytes, at: TrustedTime(now: now)) { _, _ in record }
    }
    expect(refused, .alreadyUsed, "2025-10-09T08:52:50Z", "1482")
    #expect(refused == TokenVerifier.alreadyUsed(record))
  }

  @Test func theSpentSetIsAskedLast() throws {
    let verifier = try authority.verifier()
    for token in [
      authority.token(issuedAt: now - 2_000), authority.token().with("iss", "us-prod"),
      authority.token().with("window", 1),
    ] {
      var asked = false
      let refused = refusal { () throws(Refusal) in
        try verifier.judge(token.bytes, at: TrustedTime(now: now)) { _, _ in
          asked = true
          return nil
        }
      }
      #expect(refused != nil)
      #expect(!asked)
    }
  }

  @Test func verifyingIsPure() throws {
    let verifier = try authority.verifier()
    let token = authority.token().bytes
    let first = try verifier.judge(token, at: TrustedTime(now: now)) { _, _ in nil }
    let second = try verifier.judge(token, at: TrustedTime(now: now)) { _, _ in nil }
    #expect(first == second)
  }
}
