internal import JSON

/// The bundle in force and the time, as the checks and their messages need them.
struct Trust {
  let bundle: TrustBundle
  let revoked: Revocations
  /// Trusted time, seconds since the epoch.
  let now: Int64

  /// The header's checks: algorithm, type, and a key of the bundle that is not revoked.
  func key(for jws: UnverifiedJWS) throws(Refusal) -> SigningKey {
    guard jws.algorithm.hasSameUTF8(as: "Ed25519") || jws.algorithm.hasSameUTF8(as: "EdDSA") else {
      throw refusal(
        .unsupportedAlgorithm,
        "The algorithm \(jws.algorithm.quoted(limit: 64)) is not Ed25519, claimed for the key",
        jws.kid)
    }
    guard jws.type.hasSameUTF8(as: "agent-token+jwt") else {
      throw Refusal(
        .malformed,
        "Header: \"typ\" is \(jws.type.quoted(limit: 64)), not \"agent-token+jwt\".")
    }
    guard TextShape.kid.matches(jws.kid) else {
      throw Refusal(.malformed, "Header: \"kid\" is not \(TextShape.kid.description).")
    }
    guard !revoked.kids.contains(jws.kid) else {
      throw refusal(.keyRevoked, "The trust here revokes the key", jws.kid)
    }
    guard let key = bundle.key(jws.kid) else {
      throw refusal(.unknownKey, "The trust bundle here does not know the key", jws.kid)
    }
    return key
  }

  /// A refusal that names the key, and says how old the bundle is that knows no better.
  func refusal(_ code: Refusal.Code, _ problem: String, _ kid: String) -> Refusal {
    let age =
      now >= bundle.issuedAt
      ? "\(Timestamp.span(now - bundle.issuedAt)) old"
      : "signed \(Timestamp.span(bundle.issuedAt - now)) from now"
    return Refusal(
      code,
      "\(problem) \(kid.quoted(limit: 64)); "
        + "the bundle has sequence \(bundle.sequence) and is \(age): is there a newer one?")
  }
}

extension TokenClaims {
  /// Whether the key may say this, and whether it is said to this host.
  func checkAuthority(
    of key: SigningKey, _ trust: Trust, _ identity: Identity
  ) throws(Refusal) {
    if let end = key.notAfter, end <= issuedAt {
      throw trust.refusal(
        .keyExpired,
        "The token was issued at \(Timestamp.text(issuedAt)), when the key had ended at "
          + "\(Timestamp.text(end)):", key.kid)
    }
    guard issuer == identity.cluster else {
      throw mismatch(.wrongCluster, "cluster", issuer, identity.cluster)
    }
    guard audience.hasSameUTF8(as: "service-protection") else {
      throw mismatch(.wrongAudience, "audience", audience, "service-protection")
    }
    try checkScope(of: key)
    guard expires - issuedAt <= TokenVerifier.maxLifetime else {
      throw Refusal(
        .lifetimeExceedsMaximum,
        "An issuer error: the token's lifetime (exp - iat) is \(expires - issuedAt) s, "
          + "over the \(TokenVerifier.maxLifetime) s that are allowed.")
    }
    if let tenant, tenant != identity.tenant {
      throw mismatch(.wrongTenant, "tenant", tenant, identity.tenant)
    }
    if let agent, agent != identity.agent {
      throw mismatch(.wrongAgent, "agent", agent, identity.agent)
    }
  }

  private func checkScope(of key: SigningKey) throws(Refusal) {
    let tenantAllowed =
      if let tenants = key.tenants {
        tenant.map(tenants.contains) ?? false
      } else {
        true
      }
    guard key.role == role, key.role.maySign(scope), tenantAllowed else {
      let asked = tenant.map { "\(scope.rawValue) scope for the tenant \($0.quoted())" }
      throw Refusal(
        .scopeNotAllowed,
        "The token says role \(role.rawValue) and \(asked ?? "\(scope.rawValue) scope"), but its "
          + "key \(key.kid.quoted()) has the role \(key.role.rawValue) and may sign "
          + "\(key.authority).")
    }
  }

  private func mismatch(
    _ code: Refusal.Code, _ name: String, _ theirs: String, _ ours: String
  ) -> Refusal {
    Refusal(code, "The token is for the \(name) \(theirs.quoted()), this is \(ours.quoted()).")
  }

  func checkRevocation(_ key: SigningKey, _ trust: Trust) throws(Refusal) {
    if trust.revoked.jtis.contains(jti) {
      throw trust.refusal(
        .tokenRevoked, "The trust here revokes the token \(jti.quoted()), signed by the key",
        key.kid)
    }
    if let before = trust.revoked.before[key.kid], issuedAt < before {
      throw trust.refusal(
        .tokenRevoked,
        "The trust here revokes what was issued before \(Timestamp.text(before)) by the key",
        key.kid)
    }
  }

  /// - Returns: of a challenge token, how many seconds ago its challenge was made.
  func checkTime(
    _ trust: Trust, _ time: TrustedTime, _ challenges: (String) -> ChallengeVerdict
  ) throws(Refusal) -> Int64? {
    if let nonce { return try Self.check(challenges(nonce)) }
    let now = trust.now
    guard time.takesBearer else {
      throw Refusal(
        .challengeRequired, "This host takes only tokens that answer a challenge it made.")
    }
    if let doubt = time.doubt {
      throw Refusal(
        doubt.isOfState ? .clockStateMissing : .clockRolledBack,
        "Only a token that answers a challenge is taken, because \(doubt.reason); "
          + "the time here is at least \(Timestamp.text(max(now, time.hardFloor))).")
    }
    guard issuedAt <= now + TokenVerifier.maxClockSkew else {
      throw Refusal(
        .clockBehind,
        "The token was issued \(issuedAt - now) s in the future of this host's clock "
          + "(\(Timestamp.text(now))), which is slow by that much.")
    }
    guard now < expires else {
      throw Refusal(
        .expired,
        "The token expired \(Timestamp.span(now - expires)) ago, at \(Timestamp.text(expires)); "
          + "the trusted time used is \(Timestamp.text(now)).")
    }
    // What ended before something that is known to have been signed is over, whatever the clock.
    let floor = max(trust.bundle.issuedAt, time.hardFloor)
    guard floor < expires else {
      throw Refusal(
        .expired,
        "The token expired at \(Timestamp.text(expires)), \(Timestamp.span(floor - expires)) before "
          + "\(Timestamp.text(floor)), which is signed to have passed; "
          + "the trusted time used is \(Timestamp.text(now)).")
    }
    return nil
  }

  private static func check(_ verdict: ChallengeVerdict) throws(Refusal) -> Int64 {
    switch verdict {
    case .good(let elapsed): return elapsed
    case .unknown:
      throw Refusal(
        .challengeUnknown,
        "The token answers a challenge that this daemon does not know: "
          + "it was made before a reboot, or on another machine.")
    case .expired(let elapsed):
      throw Refusal(
        .challengeExpired,
        "The token answers a challenge that was made \(Timestamp.span(elapsed)) ago; "
          + "it is good for \(Timestamp.span(Challenge.lifetime)).")
    }
  }
}

extension SigningKey {
  /// What it may sign, in words.
  fileprivate var authority: String {
    guard role.signsTokens else { return "no tokens" }
    var scopes = Scope.allCases.filter(role.maySign)
    if tenants != nil { scopes.removeAll { $0 == .cluster } }
    let names = scopes.map(\.rawValue).joined(separator: " and ")
    guard let tenants else { return "\(names) scope" }
    let shown = tenants.prefix(8).map { $0.quoted() }.joined(separator: ", ")
    return "\(names) scope for \(shown)\(tenants.count > 8 ? " and others" : "")"
  }
}
