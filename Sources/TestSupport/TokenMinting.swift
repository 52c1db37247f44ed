package import AgentToken
package import JSON
package import Linux

/// libsodium's Ed25519 under the protocol that verifiers ask for.
package struct SodiumSignatures: SignatureScheme {
  private let ed25519 = Ed25519()

  package init() {}

  package func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    ed25519.isValid(signature: signature, message: message, publicKey: publicKey)
  }

  package func isValidPublicKey(_ key: [UInt8]) -> Bool {
    ed25519.isValidPublicKey(key)
  }
}

/// A cluster's issuer for tests: a root, one key per role, and the bundles and tokens they sign.
///
/// Everything is the same in every run. The cluster is `eu-prod`, the host is `web-1` of the tenant
/// `retail`, and it is `MintingAuthority.now` o'clock; a token minted without further wishes is
/// good there and then.
package struct MintingAuthority: Sendable {
  /// Seconds since the epoch.
  package static let now: Int64 = 1_760_000_000

  package let cluster: String
  package let rootKid: String
  package let root: KeyPair
  private let pairs: [Role: KeyPair]

  /// - Parameter number: authorities with different numbers share no key.
  package init(cluster: String = "eu-prod", rootKid: String = "root-1", number: UInt8 = 0) {
    self.cluster = cluster
    self.rootKid = rootKid
    root = Self.pair(number, 0)
    var pairs: [Role: KeyPair] = [:]
    for (index, role) in Role.allCases.enumerated() {
      pairs[role] = Self.pair(number, UInt8(index + 1))
    }
    self.pairs = pairs
  }

  /// The key pair that follows from two numbers, for keys beyond those of the roles.
  package static func pair(_ number: UInt8, _ index: UInt8) -> KeyPair {
    var seed = [UInt8](repeating: 0x5A, count: 32)
    (seed[0], seed[1]) = (number, index)
    guard let pair = KeyPair(seed: seed) else { preconditionFailure("a seed has 32 bytes") }
    return pair
  }

  package func pair(for role: Role) -> KeyPair {
    pairs[role] ?? root
  }

  /// The `kid` of a role's key: `k-site-admin` and so on.
  package static func kid(for role: Role) -> String {
    "k-\(role.rawValue)"
  }

  /// Cluster `eu-prod`, tenant `retail`, agent `web-1`.
  package func identity() throws(Refusal) -> Identity {
    try Identity(cluster: cluster, tenant: "retail", agent: "web-1")
  }

  // MARK: Bundles

  package var rootJWK: JSON { Self.jwk(rootKid, root) }

  package func rootKey() throws(Refusal) -> PublicKey {
    try PublicKey(jwk: rootJWK, scheme: SodiumSignatures())
  }

  /// A public key as a JWK, with more members after the usual four.
  package static func jwk(_ kid: String, _ pair: KeyPair, _ more: [JSON.Member] = []) -> JSON {
    let members: [JSON.Member] = [
      .init(name: "kty", value: "OKP"), .init(name: "crv", value: "Ed25519"),
      .init(name: "kid", value: .string(kid)),
      .init(name: "x", value: .string(Base64URL.encode(pair.publicKey))),
    ]
    return .object(members + more)
  }

  /// The JWK of a role's key. A tenant owner's is bound to `retail` unless told otherwise.
  package func keyJWK(_ role: Role, _ more: [JSON.Member] = []) -> JSON {
    var members = [JSON.Member(name: "role", value: .string(role.rawValue))]
    if role == .tenantOwner, !more.contains(where: { $0.name == "tenants" }) {
      members.append(.init(name: "tenants", value: ["retail"]))
    }
    return Self.jwk(Self.kid(for: role), pair(for: role), members + more)
  }

  /// A trust bundle ready to be changed: sequence 41, signed a day ago, one key per role.
  package func bundle(
    sequence: Int64 = 41, issuedAt: Int64 = now - 86_400, keys: [JSON]? = nil,
    roots: [JSON]? = nil, revoked: JSON = [:]
  ) -> JWSDraft {
    JWSDraft(
      type: "trust-bundle+jwt", kid: rootKid, signer: root,
      payload: [
        "cluster": .string(cluster), "seq": .integer(sequence), "iat": .integer(issuedAt),
        "keys": .array(keys ?? Role.allCases.map { keyJWK($0) }),
        "roots": .array(roots ?? [rootJWK]), "revoked": revoked,
      ])
  }

  /// The bundle as a host has it that enrolled with it.
  package func enrolled(_ bundle: JWSDraft? = nil) throws(Refusal) -> TrustBundle {
    try TrustBundle.enrol(
      jws: (bundle ?? self.bundle()).bytes, root: rootKey(), scheme: SodiumSignatures())
  }

  /// The host's verifier.
  package func verifier(_ bundle: JWSDraft? = nil) throws(Refusal) -> TokenVerifier {
    TokenVerifier(
      bundle: try enrolled(bundle), identity: try identity(), scheme: SodiumSignatures())
  }

  // MARK: Tokens

  /// A token ready to be changed: issued a minute ago by the role, good for 15 minutes from then.
  ///
  /// - Parameter scope: where nil, the narrowest that the role may sign.
  package func token(
    _ role: Role = .siteAdmin, scope: Scope? = nil, jti: String = "jti-0123456789abcdef",
    issuedAt: Int64 = now - 60, lifetime: Int64 = 900
  ) -> JWSDraft {
    let scope = scope ?? (role == .agentInstaller ? .agent : .tenant)
    var claims: [JSON.Member] = [
      .init(name: "iss", value: .string(cluster)),
      .init(name: "aud", value: "service-protection"),
      .init(name: "iat", value: .integer(issuedAt)),
      .init(name: "exp", value: .integer(issuedAt + lifetime)),
      .init(name: "jti", value: .string(jti)),
      .init(name: "scope", value: .string(scope.rawValue)),
    ]
    if scope != .cluster { claims.append(.init(name: "tenant", value: "retail")) }
    if scope == .agent { claims.append(.init(name: "agent", value: "web-1")) }
    claims.append(.init(name: "role", value: .string(role.rawValue)))
    return JWSDraft(
      type: "agent-token+jwt", kid: Self.kid(for: role), signer: pair(for: role),
      payload: .object(claims))
  }
}

extension MintingAuthority {
  /// The enrolment that artefacts are made for.
  package static let enrolment = "AAECAwQFBgcICQoLDA0ODw"

  /// A profile ready to be changed: version 3, signed a minute ago, to be taken within an hour.
  package func profile(
    _ settings: JSON = ["Protection": ["MaxWindowSec": "30min"]], version: Int64 = 3,
    issuedAt: Int64 = now - 60, enrolment: String = enrolment
  ) -> JWSDraft {
    artefact(
      "protection-profile+jwt", .cluster,
      [
        "cluster": .string(cluster), "agent": "web-1", "enrolment": .string(enrolment),
        "version": .integer(version), "iat": .integer(issuedAt), "exp": .integer(issuedAt + 3_600),
        "settings": settings,
      ])
  }

  /// A list of revocations ready to be changed: it takes back one token.
  package func revocations(sequence: Int64 = 5, issuedAt: Int64 = now - 60) -> JWSDraft {
    artefact(
      "revocations+jwt", .cluster,
      [
        "cluster": .string(cluster), "seq": .integer(sequence), "iat": .integer(issuedAt),
        "jtis": ["jti-0123456789abcdef"],
      ])
  }

  /// A signed time ready to be changed, which answers the nonce.
  package func time(nonce: String, issuedAt: Int64 = now) -> JWSDraft {
    artefact(
      "cluster-time+jwt", .cluster,
      [
        "cluster": .string(cluster), "agent": "web-1", "nonce": .string(nonce),
        "iat": .integer(issuedAt),
      ])
  }

  /// A release manifest ready to be changed.
  package func release(_ packages: [JSON], issuedAt: Int64 = now - 60) -> JWSDraft {
    artefact(
      "release-manifest+jwt", .release,
      [
        "cluster": .string(cluster), "iat": .integer(issuedAt), "packages": .array(packages),
      ])
  }

  private func artefact(_ type: String, _ role: Role, _ payload: JSON) -> JWSDraft {
    JWSDraft(type: type, kid: Self.kid(for: role), signer: pair(for: role), payload: payload)
  }
}

/// A JWS before it is signed: tests take a good one and spoil exactly what they are about.
package struct JWSDraft: Sendable {
  package var header: JSON
  package var payload: JSON
  package var signer: KeyPair

  package init(type: String, kid: String, signer: KeyPair, payload: JSON) {
    header = ["alg": "Ed25519", "typ": .string(type), "kid": .string(kid)]
    self.signer = signer
    self.payload = payload
  }

  /// This one with a payload member set, added or, with nil, removed.
  package func with(_ name: String, _ value: JSON?) -> JWSDraft {
    var draft = self
    draft.payload = Self.changed(payload, name, value)
    return draft
  }

  /// This one with a header member set, added or, with nil, removed.
  package func withHeader(_ name: String, _ value: JSON?) -> JWSDraft {
    var draft = self
    draft.header = Self.changed(header, name, value)
    return draft
  }

  /// This one under another `kid` and signed by its key.
  package func signed(by signer: KeyPair, kid: String) -> JWSDraft {
    var draft = withHeader("kid", .string(kid))
    draft.signer = signer
    return draft
  }

  package var text: String {
    text(payload: payload.encodedBytes())
  }

  package var bytes: [UInt8] { Array(text.utf8) }

  /// The JWS with header or payload byte for byte as given: well signed, whatever they are.
  package func text(header: [UInt8]? = nil, payload: [UInt8]? = nil) -> String {
    CompactJWS.make(
      header: header ?? self.header.encodedBytes(), payload: payload ?? self.payload.encodedBytes(),
      sign: signer.sign)
  }

  private static func changed(_ object: JSON, _ name: String, _ value: JSON?) -> JSON {
    var members = object.members ?? []
    let position = members.firstIndex { $0.name == name }
    switch (position, value) {
    case (let position?, let value?): members[position] = .init(name: name, value: value)
    case (let position?, nil): members.remove(at: position)
    case (nil, let value?): members.append(.init(name: name, value: value))
    case (nil, nil): break
    }
    return .object(members)
  }
}
