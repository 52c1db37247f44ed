import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// What is taken as a bundle: its form, its keys, its codes.
@Suite("Trust bundles")
struct TrustBundleTests {
  private func expectMalformed(
    _ bundle: JWSDraft, says part: String, at location: SourceLocation = #_sourceLocation
  ) {
    let refused = enrolled(bundle)
    #expect(refused?.code == .bundleMalformed, sourceLocation: location)
    #expect(
      refused?.message.contains(part) == true, "\(refused?.message ?? "taken")",
      sourceLocation: location)
  }

  private func member(_ name: String, _ value: JSON) -> [JSON.Member] {
    [.init(name: name, value: value)]
  }

  @Test func aGoodBundleIsTakenWithAllItSays() throws {
    let second = MintingAuthority.pair(7, 7)
    let keys = [
      authority.keyJWK(.siteAdmin, member("not_after", .integer(now))),
      authority.keyJWK(.customerSupport, member("tenants", ["retail", "wholesale"])),
      authority.keyJWK(.cluster, member("loosens", true)),
      authority.keyJWK(.release),
    ]
    let draft = authority.bundle(
      sequence: 7, issuedAt: now, keys: keys,
      roots: [authority.rootJWK, MintingAuthority.jwk("root-2", second)],
      revoked: [
        "kids": ["k-old"], "jtis": ["jti-0123456789abcdef"], "before": ["k-site-admin": 1_000],
      ])
    let bundle = try authority.enrolled(draft)
    #expect(bundle.cluster == "eu-prod")
    #expect(bundle.sequence == 7)
    #expect(bundle.issuedAt == now)
    #expect(
      bundle.keys.map(\.kid) == ["k-site-admin", "k-customer-support", "k-cluster", "k-release"])
    #expect(bundle.keys.map(\.role) == [.siteAdmin, .customerSupport, .cluster, .release])
    #expect(bundle.keys.map(\.notAfter) == [now, nil, nil, nil])
    #expect(bundle.keys.map(\.tenants) == [nil, ["retail", "wholesale"], nil, nil])
    #expect(bundle.keys.map(\.loosens) == [false, false, true, false])
    #expect(bundle.keys.map(\.jwk) == keys)
    #expect(bundle.key("k-release")?.x == authority.pair(for: .release).publicKey)
    #expect(bundle.key("k-old") == nil)
    #expect(bundle.roots.map(\.kid) == ["root-1", "root-2"])
    #expect(bundle.roots.map(\.x) == [authority.root.publicKey, second.publicKey])
    #expect(bundle.roots.first?.jwk == authority.rootJWK)
    #expect(bundle.revoked.kids == ["k-old"])
    #expect(bundle.revoked.jtis == ["jti-0123456789abcdef"])
    #expect(bundle.revoked.before == ["k-site-admin": 1_000])
    #expect(bundle.revoked.json == draft.payload["revoked"])
    #expect(bundle.signer == (try authority.rootKey()))
    #expect(bundle.jws == draft.text)
  }

  @Test func anEmptyOneIsTakenToo() throws {
    let bundle = try authority.enrolled(authority.bundle(sequence: 1, issuedAt: 0, keys: []))
    #expect(bundle.keys.isEmpty)
    #expect(bundle.revoked == .none)
    #expect(bundle.revoked.json == [:])
  }

  @Test func theHeaderIsThatOfABundle() {
    let bundle = authority.bundle()
    #expect(enrolled(bundle.withHeader("alg", "EdDSA")) == nil)
    expectMalformed(bundle.withHeader("alg", "HS256"), says: "\"alg\"")
    expectMalformed(bundle.withHeader("alg", "none"), says: "\"alg\"")
    expectMalformed(bundle.withHeader("typ", "agent-token+jwt"), says: "\"typ\"")
    expectMalformed(bundle.withHeader("typ", nil), says: "\"typ\" is missing")
    expectMalformed(bundle.withHeader("kid", "root 1"), says: "\"kid\"")
    expectMalformed(bundle.withHeader("x", "y"), says: "\"x\"")
    let other = MintingAuthority(number: 3)
    #expect(enrolled(bundle.withHeader("kid", "root-9"))?.code == .bundleUnknownRoot)
    #expect(enrolled(bundle.withHeader("kid", "root-9"))?.message.contains("\"root-1\"") == true)
    #expect(
      enrolled(bundle.signed(by: other.root, kid: "root-1"))?.code == .bundleBadSignature)
    // A signing key of the very bundle is no root.
    #expect(
      enrolled(bundle.signed(by: authority.pair(for: .cluster), kid: "k-cluster"))?.code
        == .bundleUnknownRoot)
  }

  @Test func aTokenIsNoBundleAndABundleNoToken() throws {
    #expect(enrolled(authority.token())?.code == .bundleMalformed)
    #expect(try judged(authority.bundle())?.code == .malformed)
    let small = authority.bundle(keys: []).signed(
      by: authority.pair(for: .siteAdmin), kid: "k-site-admin")
    let refused = try judged(small)
    #expect(refused?.code == .malformed)
    #expect(refused?.message.contains("\"typ\"") == true)
  }

  @Test func aBundleHasAtMost256KiB() throws {
    let bundle = authority.bundle()
    let payload = bundle.payload.encodedBytes()
    func text(_ padding: Int, _ header: Int) -> String {
      bundle.text(
        header: bundle.header.encodedBytes() + [UInt8](repeating: 0x20, count: header),
        payload: payload + [UInt8](repeating: 0x20, count: padding))
    }
    /// A bundle of exactly so many bytes.
    func exactly(_ count: Int) -> String? {
      for header in 0..<4 {
        let missing = (count - text(0, header).utf8.count) * 3 / 4 - 3
        for padding in missing..<missing + 8 where text(padding, header).utf8.count == count {
          return text(padding, header)
        }
      }
      return nil
    }
    let root = try authority.rootKey()
    let longest = try #require(exactly(262_144))
    #expect(
      try TrustBundle.enrol(jws: Array(longest.utf8), root: root, scheme: sodium).sequence == 41)
    let longer = try #require(exactly(262_145))
    let refused = refusal { () throws(Refusal) in
      try TrustBundle.enrol(jws: Array(longer.utf8), root: root, scheme: sodium)
    }
    #expect(refused?.code == .bundleMalformed)
    #expect(refused?.message.contains("262145") == true)
  }

  @Test func aBundleHasAtMost1024Keys() throws {
    func keys(_ count: Int) -> [JSON] {
      (0..<count).map { number in
        let pair = MintingAuthority.pair(200 + UInt8(number / 256), UInt8(number % 256))
        return MintingAuthority.jwk("k\(number)", pair, member("role", "site-admin"))
      }
    }
    let full = try authority.enrolled(authority.bundle(keys: keys(1_024)))
    #expect(full.keys.count == 1_024)
    #expect(full.key("k1023")?.x == MintingAuthority.pair(203, 255).publicKey)
    expectMalformed(authority.bundle(keys: keys(1_025)), says: "1024")
  }

  @Test func thePayloadIsAtMost6Deep() {
    expectMalformed(authority.bundle().with("x", [[[[[]]]]]), says: "\"x\" is not a member")
    expectMalformed(authority.bundle().with("x", [[[[[[]]]]]]), says: "6 deep")
  }

  @Test(arguments: ["cluster", "seq", "iat", "keys", "roots", "revoked"])
  func everyMemberIsRequired(_ name: String) {
    expectMalformed(authority.bundle().with(name, nil), says: "\"\(name)\" is missing")
    for value: JSON in [.null, true, ""] {
      expectMalformed(
        authority.bundle().with(name, value), says: name == "revoked" ? "Revoked" : name)
    }
  }

  @Test func thePayloadIsStrictJSON() throws {
    let bundle = authority.bundle()
    let text = bundle.payload.encoded()
    for payload in [
      text + "x", "\u{FEFF}" + text, text.replacing("\"seq\":41", with: "\"seq\":41.0"),
      text.replacing("\"seq\":41", with: "\"seq\":041"),
      text.replacing("\"seq\":41", with: "\"seq\":41,\"seq\":41"),
      text.replacing("\"seq\":41", with: "\"seq\":41,\"s\\u0065q\":42"), "[]", "[\(text)]",
    ] {
      let refused = refusal { () throws(Refusal) in
        try TrustBundle.enrol(
          jws: Array(bundle.text(payload: Array(payload.utf8)).utf8), root: authority.rootKey(),
          scheme: sodium)
      }
      #expect(refused?.code == .bundleMalformed, "\(payload.prefix(40))")
    }
  }

  @Test func membersHaveTheirRanges() {
    let last: Int64 = 253_402_300_799
    for sequence: Int64 in [1, 1 << 53 - 1] {
      #expect(enrolled(authority.bundle(sequence: sequence)) == nil)
    }
    for sequence: Int64 in [0, 1 << 53] {
      expectMalformed(authority.bundle(sequence: sequence), says: "\"seq\"")
    }
    for time: Int64 in [0, last] { #expect(enrolled(authority.bundle(issuedAt: time)) == nil) }
    expectMalformed(authority.bundle(issuedAt: last + 1), says: "\"iat\"")
    let long = String(repeating: "c", count: 128)
    #expect(enrolled(authority.bundle().with("cluster", .string(long))) == nil)
    expectMalformed(authority.bundle().with("cluster", .string(long + "c")), says: "\"cluster\"")
    expectMalformed(authority.bundle().with("cluster", "a b"), says: "\"cluster\"")
    expectMalformed(authority.bundle().with("x", 1), says: "\"x\"")
    expectMalformed(authority.bundle(roots: []), says: "\"roots\" is empty")
  }

  // MARK: Keys

  private func key(_ name: String, _ value: JSON?, _ role: Role = .siteAdmin) -> JWSDraft {
    var members = authority.keyJWK(role).members ?? []
    members.removeAll { $0.name == name }
    if let value { members.append(.init(name: name, value: value)) }
    return authority.bundle(keys: [.object(members)])
  }

  @Test(arguments: ["kty", "crv", "kid", "x", "role"])
  func everyMemberOfAKeyIsRequired(_ name: String) {
    #expect(enrolled(key("not_after", nil)) == nil)
    expectMalformed(key(name, nil), says: "\"\(name)\" is missing")
    for value: JSON in [nil, 1, "", [], "é"] {
      expectMalformed(key(name, value), says: "\"\(name)\"")
    }
  }

  @Test func aKeyIsAnEd25519Key() {
    for type: JSON in ["EC", "RSA", "oct", "okp", "O\u{212A}P"] {
      expectMalformed(key("kty", type), says: "\"kty\"")
    }
    for curve: JSON in ["Ed448", "X25519", "ed25519", "P-256"] {
      expectMalformed(key("crv", curve), says: "\"crv\"")
    }
    let x = Base64URL.encode(authority.root.publicKey)
    for text in [x + "=", String(x.dropLast()), x + "A", String(x.dropLast()) + "_", " " + x] {
      expectMalformed(key("x", .string(text)), says: "\"x\"")
    }
    for kid in ["", String(repeating: "k", count: 65), "a/b", "a b"] {
      expectMalformed(key("kid", .string(kid)), says: "\"kid\"")
    }
    #expect(enrolled(key("kid", .string(String(repeating: "k", count: 64)))) == nil)
    #expect(enrolled(key("kid", "A.z_0-9")) == nil)
  }

  @Test func privatePartsAndUnknownMembersSpoilTheBundle() {
    let seed = Base64URL.encode(authority.root.seed)
    let refused = enrolled(key("d", .string(seed)))
    #expect(refused?.code == .bundleMalformed)
    #expect(refused?.message.contains("private part") == true)
    #expect(refused?.message.contains(seed) == false)
    for name in ["use", "alg", "key_ops", "x5c", "Role", "y", ""] {
      expectMalformed(key(name, "sig"), says: name.quoted())
    }
    for name in ["d", "role", "tenants", "not_after", "loosens", "use"] {
      let root = MintingAuthority.jwk("root-2", MintingAuthority.pair(7, 7), member(name, "x"))
      expectMalformed(authority.bundle(roots: [authority.rootJWK, root]), says: "\"\(name)\"")
    }
    expectMalformed(authority.bundle(keys: [nil]), says: "Signing key")
    expectMalformed(authority.bundle(roots: [authority.rootJWK, 1]), says: "Root key")
  }

  @Test func aKidStandsOnce() {
    let other = MintingAuthority.pair(7, 7)
    let twice = MintingAuthority.jwk("k-site-admin", other, member("role", "release"))
    expectMalformed(
      authority.bundle(keys: [authority.keyJWK(.siteAdmin), twice]), says: "\"k-site-admin\"")
    let asRoot = MintingAuthority.jwk("root-1", other, member("role", "release"))
    expectMalformed(authority.bundle(keys: [asRoot]), says: "\"root-1\" stands twice")
    let roots = [authority.rootJWK, MintingAuthority.jwk("root-1", other)]
    expectMalformed(authority.bundle(roots: roots), says: "\"root-1\" stands twice")
  }

  @Test(arguments: ["admin", "Site-Admin", "", "root", "site-admin "])
  func rolesAreSix(_ role: String) {
    expectMalformed(key("role", .string(role)), says: "\"role\"")
  }

  @Test(arguments: Role.allCases)
  func tenantsStandWhereTheRoleSays(_ role: Role) {
    let signsTokens = ![Role.cluster, .release].contains(role)
    if signsTokens {
      #expect(enrolled(key("tenants", ["retail"], role)) == nil)
      expectMalformed(key("tenants", [], role), says: "\"tenants\" is empty")
      for value: JSON in ["retail", [1], ["a b"], [""], nil, [["retail"]]] {
        expectMalformed(key("tenants", value, role), says: "\"tenants\"")
      }
    } else {
      expectMalformed(key("tenants", ["retail"], role), says: "\"tenants\"")
    }
    if role == .tenantOwner {
      expectMalformed(key("tenants", nil, role), says: "\"tenants\" is missing")
    } else {
      #expect(enrolled(key("tenants", nil, role)) == nil)
    }
  }

  @Test(arguments: Role.allCases)
  func onlyClusterKeysLoosen(_ role: Role) {
    if role == .cluster {
      #expect(enrolled(key("loosens", true, role)) == nil)
    } else {
      expectMalformed(key("loosens", true, role), says: "\"loosens\"")
    }
    for value: JSON in [false, nil, 1, "true"] {
      expectMalformed(key("loosens", value, role), says: "\"loosens\"")
    }
  }

  @Test func notAfterIsATime() {
    for time: Int64 in [0, 253_402_300_799] {
      #expect(enrolled(key("not_after", .integer(time))) == nil)
    }
    for value: JSON in [-1, 253_402_300_800, "0", nil] {
      expectMalformed(key("not_after", value), says: value == -1 ? "minus" : "\"not_after\"")
    }
  }

  // MARK: Revocations

  @Test(
    arguments: [
      [:], ["kids": []], ["jtis": []], ["before": [:]], ["kids": ["a", "b"]],
      ["before": ["a": 0, "b": 253_402_300_799]],
    ] as [JSON])
  func everyRevocationIsOptional(_ revoked: JSON) {
    #expect(enrolled(authority.bundle(revoked: revoked)) == nil)
  }

  @Test(
    arguments: [
      [], ["kids": "a"], ["kids": [1]], ["kids": ["a b"]], ["kids": [""]], ["jtis": ["short"]],
      ["jtis": nil], ["before": []], ["before": ["a": "0"]], ["before": ["a b": 0]],
      ["before": ["a": 253_402_300_800]], ["subs": []], ["before": ["": 0]],
    ] as [JSON])
  func revocationsHaveTheirForm(_ revoked: JSON) {
    expectMalformed(authority.bundle(revoked: revoked), says: "Revoked")
  }
}
