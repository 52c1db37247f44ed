package import AgentToken
internal import JSON
internal import Linux

/// A token as it is handed out, and what a host that it is for reads in it.
package struct IssuedToken: Sendable {
  package let text: String
  package let content: VerifiedToken
}

extension Issuer {
  /// Signs an agent token, and verifies it as a host would, before anybody gets it.
  ///
  /// Changes nothing on disk.
  package func issue(
    _ request: TokenRequest, passphrase: Passphrase? = nil
  ) throws(Refusal) -> IssuedToken {
    let now = surroundings.now()
    let bundle = try bundle()
    let (key, file) = try choose(for: request, bundle, now)
    try check(passphrase)
    let pair = try file.open(passphrase)
    let text = CompactJWS.make(
      header: ["alg": "Ed25519", "typ": "agent-token+jwt", "kid": .string(key.kid)],
      payload: payload(of: request, key: key, bundle: bundle, now: now),
      sign: { pair.sign($0) })
    return IssuedToken(text: text, content: try verify(text, request, bundle, now))
  }

  /// Refuses what `issue` would refuse, as far as that shows without the passphrase.
  package func check(_ request: TokenRequest) throws(Refusal) {
    _ = try choose(for: request, bundle(), surroundings.now())
  }

  private func choose(
    for request: TokenRequest, _ bundle: TrustBundle, _ now: Int64
  ) throws(Refusal) -> (key: SigningKey, file: KeyFile) {
    try request.check()
    guard now + request.lifetime > bundle.issuedAt else {
      throw Refusal(
        .clockBehind,
        "this machine's clock (\(surroundings.describe(now))) is behind trust bundle "
          + "\(bundle.sequence) (\(surroundings.describe(bundle.issuedAt))): hosts would take the "
          + "token for expired",
        hint: "Set the clock, then try again.")
    }
    let choice = KeyChoice(
      bundle: bundle, keys: keys, now: now, describe: surroundings.describe)
    return try choice.choose(for: request)
  }

  private func payload(
    of request: TokenRequest, key: SigningKey, bundle: TrustBundle, now: Int64
  ) -> JSON {
    var claims: [JSON.Member] = [
      .init(name: "iss", value: .string(bundle.cluster)),
      .init(name: "aud", value: "service-protection"),
      .init(name: "iat", value: .integer(now)),
      .init(name: "exp", value: .integer(now + request.lifetime)),
      .init(name: "jti", value: .string(Hex.encode(surroundings.random(16)))),
      .init(name: "scope", value: .string(request.scope.rawValue)),
      .init(name: "role", value: .string(key.role.rawValue)),
    ]
    func add(_ name: String, _ value: String?) {
      if let value { claims.append(.init(name: name, value: .string(value))) }
    }
    add("tenant", request.tenant)
    add("agent", request.agent)
    add("sub", request.subject)
    if let window = request.window { claims.append(.init(name: "window", value: .integer(window))) }
    if !request.services.isEmpty {
      claims.append(
        .init(name: "services", value: .array(request.services.map(JSON.string))))
    }
    add("nonce", request.nonce)
    claims.append(.init(name: "seq", value: .integer(bundle.sequence)))
    return .object(claims)
  }

  /// What a host that the token is for says to it.
  private func verify(
    _ text: String, _ request: TokenRequest, _ bundle: TrustBundle, _ now: Int64
  ) throws(Refusal) -> VerifiedToken {
    guard text.utf8.count <= TokenVerifier.maxBytes else {
      throw Refusal(
        .malformed,
        "the token would be \(text.utf8.count) bytes long, and hosts take \(TokenVerifier.maxBytes)",
        hint: "Name fewer services, or issue two tokens.")
    }
    let host = try Identity(
      cluster: bundle.cluster, tenant: request.tenant ?? "any", agent: request.agent ?? "any")
    let verifier = TokenVerifier(bundle: bundle, identity: host, scheme: scheme)
    do {
      return try verifier.verify(
        Array(text.utf8), at: TrustedTime(now: now), challenges: { _ in .good(elapsed: 0) },
        spent: { _, _ in nil })
    } catch {
      throw Refusal(
        error.code, "hosts would refuse this token, so it was not issued: \(error.message)",
        hint: error.hint)
    }
  }
}
