import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// A good token on a good host, and everything that can be spoilt about them.
private struct Scene {
  var token = authority.token(.agentInstaller)
  var keyMembers: [JSON.Member] = []
  var keyIsThere = true
  var revoked: [JSON.Member] = []
  var bundleIssuedAt = now - 86_400
  var time = now
  var host = (tenant: "retail", agent: "web-1")
  var spent: SpentRecord?
  var suffix = ""

  func refused() throws -> Refusal? {
    var keys = [authority.keyJWK(.siteAdmin)]
    if keyIsThere { keys.append(authority.keyJWK(.agentInstaller, keyMembers)) }
    let bundle = authority.bundle(
      issuedAt: bundleIssuedAt, keys: keys, revoked: .object(revoked))
    let identity = try Identity(cluster: "eu-prod", tenant: host.tenant, agent: host.agent)
    let verifier = TokenVerifier(
      bundle: try authority.enrolled(bundle), identity: identity, scheme: sodium)
    return refusal { () throws(Refusal) in
      try verifier.verify(
        Array((token.text + suffix).utf8), at: TrustedTime(now: time), spent: { _, _ in spent })
    }
  }
}

/// One thing wrong with a scene, and what it is called where it is the first.
private struct Fault: CustomTestStringConvertible, Sendable {
  let name: String
  let code: Refusal.Code
  /// What the message holds, where the code alone does not tell which check it was.
  let says: String
  let spoil: @Sendable (inout Scene) -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ code: Refusal.Code, says: String = "",
    _ spoil: @escaping @Sendable (inout Scene) -> Void
  ) {
    (self.name, self.code, self.says, self.spoil) = (name, code, says, spoil)
  }

  static let issued = now - 60

  /// In the order of the contract; any two of them can be wrong at once.
  static let all: [Fault] = [
    Fault("size", .malformed, says: "2048") { $0.suffix += String(repeating: "A", count: 2_048) },
    Fault("parts", .malformed, says: "parts") { $0.suffix += ".AA.AA" },
    Fault("signature's form", .malformed, says: "Signature") { $0.suffix = "=" + $0.suffix },
    Fault("header", .malformed, says: "\"crit\"") { $0.token = $0.token.withHeader("crit", "x") },
    Fault("alg", .unsupportedAlgorithm) { $0.token = $0.token.withHeader("alg", "HS256") },
    Fault("typ", .malformed, says: "\"typ\"") { $0.token = $0.token.withHeader("typ", "JWT") },
    Fault("revoked key", .keyRevoked) {
      $0.revoked.append(.init(name: "kids", value: ["k-agent-installer"]))
    },
    Fault("unknown key", .unknownKey) { $0.keyIsThere = false },
    Fault("signature", .badSignature) { $0.token.signer = MintingAuthority.pair(9, 9) },
    Fault("payload", .malformed, says: "\"window\"") { $0.token = $0.token.with("window", 59) },
    Fault("key's end", .keyExpired) {
      $0.keyMembers.append(.init(name: "not_after", value: .integer(issued)))
    },
    Fault("cluster", .wrongCluster) { $0.token = $0.token.with("iss", "us-prod") },
    Fault("audience", .wrongAudience) { $0.token = $0.token.with("aud", "service-protection2") },
    Fault("role", .scopeNotAllowed) { $0.token = $0.token.with("role", "site-admin") },
    Fault("lifetime", .lifetimeExceedsMaximum) {
      $0.token = $0.token.with("exp", .integer(issued + 901))
    },
    Fault("tenant", .wrongTenant) { $0.host.tenant = "wholesale" },
    Fault("agent", .wrongAgent) { $0.host.agent = "web-2" },
    Fault("revoked token", .tokenRevoked, says: "the token") {
      $0.revoked.append(.init(name: "jtis", value: ["jti-0123456789abcdef"]))
    },
    Fault("revoked by time", .tokenRevoked, says: "before") {
      $0.revoked.append(
        .init(name: "before", value: ["k-agent-installer": .integer(issued + 1)]))
    },
    Fault("challenge", .challengeUnknown) {
      $0.token = $0.token.with("nonce", "AAAAAAAAAAAAAAAAAAAAAA")
    },
    Fault("slow clock", .clockBehind) { $0.time = issued - 61 },
    // By the hard floor: the bundle was signed after the token had ended.
    Fault("expired", .expired) { $0.bundleIssuedAt = issued + 2_000 },
    Fault("used", .alreadyUsed) { $0.spent = SpentRecord(at: issued, record: 7) },
  ]
}

@Suite("Order of the checks")
struct OrderTests {
  @Test func theSceneIsGoodUntilSpoilt() throws {
    #expect(try Scene().refused() == nil)
  }

  @Test(arguments: Fault.all.indices)
  func aFaultIsCalledByItsNameWhateverComesLater(_ first: Int) throws {
    let fault = Fault.all[first]
    func expectFirst(_ scene: Scene, _ others: String) throws {
      let refused = try scene.refused()
      #expect(refused?.code == fault.code, "\(fault.name), with \(others)")
      #expect(
        refused?.message.contains(fault.says) == true || fault.says.isEmpty,
        "\(fault.name), with \(others): \(refused?.message ?? "")")
    }
    var alone = Scene()
    fault.spoil(&alone)
    try expectFirst(alone, "nothing else")
    for later in Fault.all[(first + 1)...] {
      var both = Scene()
      fault.spoil(&both)
      later.spoil(&both)
      try expectFirst(both, later.name)
      // The order in which they were spoilt is not what decides.
      var reversed = Scene()
      later.spoil(&reversed)
      fault.spoil(&reversed)
      try expectFirst(reversed, later.name)
    }
    var everything = Scene()
    for later in Fault.all[first...] { later.spoil(&everything) }
    try expectFirst(everything, "everything after it")
  }

  @Test func theShapeOfTheKidComesBeforeItsTrust() throws {
    let token = authority.token().withHeader("kid", "k site admin")
    let refused = try judged(token)
    #expect(refused?.code == .malformed)
    #expect(refused?.message.contains("\"kid\"") == true)
    #expect(try judged(token.withHeader("alg", "none"))?.code == .unsupportedAlgorithm)
  }

  @Test func nothingUnsignedIsParsed() throws {
    // What is under a bad signature makes no difference, be it the worst JSON there is.
    let other = MintingAuthority.pair(9, 9)
    for payload in ["", "{", "[[[[[[[[", "\u{FEFF}{}", #"{"a":1,"a":1}"#, "null", "\u{0}"] {
      var token = authority.token()
      token.signer = other
      let text = token.text(payload: Array(payload.utf8))
      let code = try judged(Array(text.utf8))?.code
      #expect(code == (payload.isEmpty ? .malformed : .badSignature), "\(payload)")
    }
  }
}
