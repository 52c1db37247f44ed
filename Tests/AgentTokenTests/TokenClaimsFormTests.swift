import AgentToken
import JSON
import TestSupport
import Testing

/// The form of the payload and of its claims, each limit from both sides.
@Suite("Form of claims")
struct TokenClaimsFormTests {
  // MARK: The payload as a whole

  @Test(
    arguments: [
      "[]", "null", "1", "\"x\"", "{", "{}x", "\u{FEFF}{}", #"{"iss":"a","iss":"a"}"#,
      #"{"iss":"a","\u0069ss":"a"}"#, #"{"iss":"a",}"#, "{} {}", #"{"sub":"\ud800"}"#,
    ])
  func thePayloadIsOneStrictObject(_ payload: String) throws {
    try expectMalformed(authority.token().text(payload: Array(payload.utf8)), says: "Payload:")
  }

  @Test func thePayloadMustBeUTF8() throws {
    let text = authority.token().text(payload: Array(#"{"sub":""#.utf8) + [0xFF, 0x22, 0x7D])
    try expectMalformed(text, says: "UTF-8")
  }

  @Test func thePayloadIsAtMost4DeepAndHas32Members() throws {
    func refused(_ value: JSON) throws -> String {
      try judged(authority.token().with("x", value))?.message ?? ""
    }
    // Up to the limit it is read, and then the claim is unknown.
    #expect(try refused([[[]]]).contains("\"x\" is not a member"))
    #expect(try refused([[[[]]]]).contains("4 deep"))
    func filled(_ count: Int) -> JWSDraft {
      (0..<count).reduce(authority.token()) { $0.with("x\($1)", 1) }
    }
    let own = try #require(authority.token().payload.members?.count)
    try expectMalformed(filled(32 - own).text, says: "\"x0\" is not a member")
    try expectMalformed(filled(33 - own).text, says: "32 members")
  }

  @Test(
    arguments: [
      ("iat", "1759999940.0"), ("iat", "1759999940e0"), ("iat", "175999994E1"),
      ("iat", "+1759999940"), ("iat", "-1"), ("iat", "-0"), ("iat", "01759999940"), ("exp", "1.5"),
      ("window", "6e1"), ("window", "060"), ("seq", "9007199254740991.0"),
      ("seq", "99999999999999999999"), ("iat", "0x68"), ("exp", "NaN"),
    ])
  func integersAreWrittenAsIntegers(_ claim: String, _ number: String) throws {
    let payload = authority.token().with(claim, "@").payload.encoded()
      .replacing("\"@\"", with: number)
    try expectMalformed(authority.token().text(payload: Array(payload.utf8)), says: "Payload:")
  }

  // MARK: Claims

  @Test(arguments: ["iss", "aud", "iat", "exp", "jti", "scope", "role", "tenant", "agent"])
  func whatIsRequiredMustBeThere(_ claim: String) throws {
    let token = authority.token(.agentInstaller)
    try expectMalformed(token.with(claim, nil).text, says: "\"\(claim)\" is missing")
  }

  @Test func tenantAndAgentStandWhereTheScopeSays() throws {
    let cluster = authority.token(.siteAdmin, scope: .cluster)
    try expectMalformed(cluster.with("tenant", "retail").text, says: "\"tenant\" is not allowed")
    try expectMalformed(cluster.with("agent", "web-1").text, says: "\"agent\" is not allowed")
    let tenant = authority.token(.siteAdmin, scope: .tenant)
    try expectMalformed(tenant.with("agent", "web-1").text, says: "\"agent\" is not allowed")
    try expectMalformed(tenant.with("tenant", nil).text, says: "\"tenant\" is missing")
  }

  @Test(
    arguments: [
      "ISS", "nbf", "sub ", "", "tenants", "version", "\u{0}", "i\u{301}ss", "kid", "cnf",
    ])
  func unknownClaimsAreRefused(_ claim: String) throws {
    try expectMalformed(authority.token().with(claim, "x").text, says: claim.quoted())
  }

  /// Values of a wrong type for every claim.
  @Test(
    arguments: [
      "iss", "aud", "iat", "exp", "jti", "scope", "tenant", "agent", "role", "sub", "nonce",
      "window", "services", "seq",
    ])
  func everyClaimHasItsType(_ claim: String) throws {
    let numbers: Set = ["iat", "exp", "window", "seq"]
    var wrong: [JSON] = [nil, true, false, [:], ["a": 1], [1], [[]]]
    wrong += numbers.contains(claim) ? ["1", "", []] : [1, 0]
    if claim == "services" {
      wrong += ["a.service", [nil], ["a.service", 1]]
    } else {
      wrong += [["service-protection"], []]
    }
    for value in wrong {
      try expectMalformed(
        authority.token(.agentInstaller).with(claim, value).text, says: "\"\(claim)\"")
    }
  }

  @Test(arguments: ["iss", "tenant", "agent"])
  func idsHave1To128Characters(_ claim: String) throws {
    let wrong: [String: Refusal.Code] = [
      "iss": .wrongCluster, "tenant": .wrongTenant, "agent": .wrongAgent,
    ]
    for id in ["x", String(repeating: "x", count: 128), "AZaz09._:/-"] {
      let token = authority.token(.agentInstaller).with(claim, .string(id))
      #expect(try judged(token)?.code == wrong[claim], "\(id)")
    }
    for id in [
      "", String(repeating: "x", count: 129), "a b", "a\u{0}", "é", "a@b", "a\\b", "a\n",
      "\u{212A}", "a+b", "a,b",
    ] {
      let token = authority.token(.agentInstaller).with(claim, .string(id))
      try expectMalformed(token.text, says: "\"\(claim)\"")
    }
  }

  @Test func jtisHave16To64Characters() throws {
    for jti in [
      String(repeating: "j", count: 16), String(repeating: "j", count: 64), "AZaz09_-AZaz09_-",
    ] {
      #expect(try judged(authority.token(jti: jti)) == nil)
    }
    for jti in [
      "", String(repeating: "j", count: 15), String(repeating: "j", count: 65),
      "0123456789abcde.", "0123456789abcde:", "0123456789abcde ", "0123456789abcdeé",
    ] {
      try expectMalformed(authority.token(jti: jti).text, says: "\"jti\"")
    }
  }

  @Test(arguments: ["Cluster", "tenants", "", "agent ", "host"])
  func scopesAreThree(_ scope: String) throws {
    try expectMalformed(authority.token().with("scope", .string(scope)).text, says: "\"scope\"")
  }

  @Test(arguments: ["admin", "Site-Admin", "", "cluster", "release", "site_admin"])
  func rolesOfTokensAreFour(_ role: String) throws {
    try expectMalformed(authority.token().with("role", .string(role)).text, says: "\"role\"")
  }

  @Test func lifetimesAreWithin900Seconds() throws {
    #expect(try judged(authority.token(lifetime: 900)) == nil)
    #expect(try judged(authority.token(issuedAt: now, lifetime: 1)) == nil)
    let long = try judged(authority.token(lifetime: 901))
    #expect(long?.code == .lifetimeExceedsMaximum)
    #expect(long?.message.contains("issuer error") == true)
    #expect(long?.message.contains("901 s") == true && long?.message.contains("900 s") == true)
    try expectMalformed(authority.token(lifetime: 0).text, says: "\"exp\"")
    try expectMalformed(authority.token(lifetime: -1).text, says: "\"exp\"")
  }

  @Test func timesAreWithinTheYear9999() throws {
    let last: Int64 = 253_402_300_799
    let ancient = try authority.verifier(authority.bundle(issuedAt: 0))
    #expect(try judged(authority.token(issuedAt: 0).bytes, by: ancient, at: 0) == nil)
    #expect(try judged(authority.token(issuedAt: last - 900, lifetime: 900), at: last - 1) == nil)
    for claim in ["iat", "exp"] {
      let token = authority.token().with(claim, .integer(last + 1))
      try expectMalformed(token.text, says: "\"\(claim)\"")
      try expectMalformed(
        authority.token().with(claim, .integer(.max)).text, says: "\"\(claim)\"")
    }
    // Far off, but no malformed token: the first check that fails is the lifetime.
    let code = try judged(authority.token().with("exp", .integer(last)))?.code
    #expect(code == .lifetimeExceedsMaximum)
  }

  @Test(
    arguments: [(59, false), (60, true), (86_400, true), (86_401, false), (0, false)]
      as [(Int64, Bool)])
  func windowsAreAMinuteToADay(_ window: Int64, _ taken: Bool) throws {
    let token = authority.token().with("window", .integer(window))
    if taken {
      #expect(try judged(token) == nil)
    } else {
      try expectMalformed(token.text, says: "\"window\"")
    }
  }

  @Test(
    arguments: [(0, false), (1, true), (1 << 53 - 1, true), (1 << 53, false)] as [(Int64, Bool)])
  func sequencesAreWithin53Bits(_ sequence: Int64, _ taken: Bool) throws {
    let token = authority.token().with("seq", .integer(sequence))
    if taken {
      #expect(try judged(token) == nil)
    } else {
      try expectMalformed(token.text, says: "\"seq\"")
    }
  }

  @Test func subjectsHave1To128Scalars() throws {
    // Scalars, not bytes and not what a person sees as one character.
    for subject in [
      "a", String(repeating: "a", count: 128), String(repeating: "\u{1F600}", count: 128),
      "e" + String(repeating: "\u{301}", count: 127), "Анна ✓ \u{A0}\u{E000}\u{FFFF}",
    ] {
      #expect(try judged(authority.token().with("sub", .string(subject))) == nil, "\(subject)")
    }
    for subject in [
      "", String(repeating: "a", count: 129), "e" + String(repeating: "\u{301}", count: 128),
    ] {
      try expectMalformed(authority.token().with("sub", .string(subject)).text, says: "\"sub\"")
    }
  }

  /// Categories Cc, Cf, Zl and Zp.
  @Test(
    arguments: [
      "\u{0}", "\t", "\n", "\u{1B}", "\u{1F}", "\u{7F}", "\u{80}", "\u{85}", "\u{9F}", "\u{AD}",
      "\u{61C}", "\u{180E}", "\u{200B}", "\u{200D}", "\u{200E}", "\u{202A}", "\u{202E}",
      "\u{2060}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{E0001}", "\u{E0041}", "\u{2028}",
      "\u{2029}",
    ])
  func subjectsHoldNothingThatCannotBeSeen(_ character: String) throws {
    for subject in [character, "a\(character)b", "anna\(character)"] {
      try expectMalformed(authority.token().with("sub", .string(subject)).text, says: "\"sub\"")
    }
  }

  @Test func noncesAre22CharactersTheLastOneCanonical() throws {
    for nonce in ["AAAAAAAAAAAAAAAAAAAAAA", "__________-_________w", "0123456789abcdefghijkQ"] {
      let code = try judged(authority.token().with("nonce", .string(nonce)))?.code
      #expect(code == (nonce.utf8.count == 22 ? .challengeUnknown : .malformed), "\(nonce)")
    }
    for nonce in [
      "", String(repeating: "A", count: 21), String(repeating: "A", count: 23),
      String(repeating: "A", count: 24), "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA=",
      "AAAAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAAAAAAAAAAAAAA==", " AAAAAAAAAAAAAAAAAAAAA",
    ] {
      try expectMalformed(authority.token().with("nonce", .string(nonce)).text, says: "\"nonce\"")
    }
  }

  @Test func servicesAre1To16DifferentUnits() throws {
    func token(_ units: [String]) -> JWSDraft {
      authority.token().with("services", .array(units.map { .string($0) }))
    }
    for units in [
      ["a.service"], (1...16).map { "u\($0).service" }, ["a.service", "A.service", "a.socket"],
      [String(repeating: "a", count: 247) + ".service"], ["a-b_c:d@e\\x2df.g.timer"],
    ] {
      #expect(try judged(token(units)) == nil, "\(units)")
    }
    for units in [
      [], (1...17).map { "u\($0).service" }, ["a.service", "a.service"], ["a"], [""], [".service"],
      ["a.service", "b"], ["a.exe"], ["a/b.service"], ["a b.service"], ["é.service"], ["a."],
      [String(repeating: "a", count: 248) + ".service"], ["a.service\n"], ["*.service"],
    ] {
      try expectMalformed(token(units).text, says: "\"services\"")
    }
  }
}
