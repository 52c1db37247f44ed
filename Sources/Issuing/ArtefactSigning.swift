internal import AgentToken
internal import JSON
internal import Linux

/// Signs what hosts take besides tokens: one kind of it, with one key, as many as are asked for.
struct ArtefactSigner: Sendable {
  let kind: ArtefactType
  let bundle: TrustBundle
  let pair: KeyPair
  let kid: String
  let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - agent: the host that it is for, where it is for one.
  ///   - verify: verifies the text as a host would, before anybody gets it.
  func sign<Verified>(
    _ members: [JSON.Member], agent: String? = nil,
    verify: (ArtefactVerifier, [UInt8]) throws(Refusal) -> Verified
  ) throws(Refusal) -> Verified {
    let text = CompactJWS.make(
      header: ["alg": "Ed25519", "typ": .string(kind.rawValue), "kid": .string(kid)],
      payload: .object(
        [
          .init(name: "cluster", value: .string(bundle.cluster)),
          .init(name: "iat", value: .integer(now())),
        ] + members),
      sign: { pair.sign($0) })
    guard text.utf8.count <= ArtefactType.maxBytes else {
      throw Refusal(
        .invalid,
        "it would be \(text.utf8.count) bytes long, and hosts take \(ArtefactType.maxBytes)",
        hint: "Put less into one: several are as good.")
    }
    let host = try Identity(cluster: bundle.cluster, tenant: "any", agent: agent ?? "any")
    do {
      return try verify(
        ArtefactVerifier(bundle: bundle, identity: host, scheme: Libsodium()), Array(text.utf8))
    } catch {
      throw Refusal(
        error.code, "hosts would refuse it, so it was not signed: \(error.message)",
        hint: error.hint)
    }
  }
}

extension Issuer {
  /// Signs something with the newest key here of the role that may (`signer`, `ArtefactSigner.sign`).
  func sign<Verified>(
    _ kind: ArtefactType, _ members: [JSON.Member], agent: String? = nil, kid: String?,
    loosens: Bool = false, passphrase: Passphrase?,
    verify: (ArtefactVerifier, [UInt8]) throws(Refusal) -> Verified
  ) throws(Refusal) -> Verified {
    try signer(of: kind, kid: kid, loosens: loosens, passphrase: passphrase)
      .sign(members, agent: agent, verify: verify)
  }

  /// What signs, read from the files once.
  ///
  /// - Parameters:
  ///   - kid: the key to use; nil to choose.
  ///   - loosens: whether it takes a key that may loosen; where not, one that may not is preferred.
  func signer(
    of kind: ArtefactType, kid: String?, loosens: Bool, passphrase: Passphrase?
  ) throws(Refusal) -> ArtefactSigner {
    let bundle = try bundle()
    let (key, file) = try key(for: kind, kid: kid, loosens: loosens, bundle)
    try check(passphrase)
    return ArtefactSigner(
      kind: kind, bundle: bundle, pair: try file.open(passphrase), kid: key.kid,
      now: surroundings.now)
  }

  private func key(
    for kind: ArtefactType, kid: String?, loosens: Bool, _ bundle: TrustBundle
  ) throws(Refusal) -> (key: SigningKey, file: KeyFile) {
    let choice = KeyChoice(
      bundle: bundle, keys: keys, now: surroundings.now(), describe: surroundings.describe)
    var reasons: [String] = []
    let keys = bundle.keys.reversed().filter { $0.role == kind.role && kid ?? $0.kid == $0.kid }
    for key in keys.filter({ $0.loosens == loosens }) + (loosens ? [] : keys.filter(\.loosens)) {
      let file = try self.keys.load(key.kid)
      let obstacle = choice.obstacle(key, file)
      if obstacle.isEmpty, let file { return (key, file) }
      reasons.append(obstacle)
    }
    let role = kind.role?.rawValue ?? "root"
    let why = reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))"
    let able = loosens ? " that may loosen" : ""
    throw Refusal(
      .keyUnavailable,
      "no key\(kid.map { " \($0)" } ?? "") of the role \(role)\(able) can sign here\(why)",
      hint: "Make one with `holdfast-cluster key add --role \(role)\(loosens ? " --loosens" : "")`."
    )
  }
}
