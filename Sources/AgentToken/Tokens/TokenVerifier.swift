/// A token whose every check passed. Only `TokenVerifier` makes one, so whatever asks for one
/// cannot be reached with an unverified token.
package struct VerifiedToken: Sendable, Equatable {
  /// The cluster that issued it; together with `jti` what replay is keyed on.
  package let issuer: String
  package let jti: String
  package let scope: Scope
  /// There for `tenant` and `agent` scope.
  package let tenant: String?
  /// There for `agent` scope.
  package let agent: String?
  package let role: Role
  /// The operator, for the audit trail.
  package let subject: String?
  /// Seconds since the epoch.
  package let issuedAt: Int64
  /// Seconds since the epoch.
  package let expires: Int64
  /// Seconds of unprotection asked for, 60–86,400.
  package let window: Int64?
  /// The only units to release, 1–16; nil for all.
  package let services: [String]?
  /// The trust bundle's sequence when it was issued.
  package let sequence: Int64?
  /// The key that signed it.
  package let kid: String
  /// Whether a newer trust bundle exists than the one here.
  package let bundleBehind: Bool
  /// Of a challenge token, how many seconds ago its challenge was made.
  package let challengeElapsed: Int64?

  fileprivate init(
    _ claims: TokenClaims, key: SigningKey, bundle: TrustBundle, challengeElapsed: Int64?
  ) {
    self.challengeElapsed = challengeElapsed
    issuer = claims.issuer
    jti = claims.jti
    scope = claims.scope
    tenant = claims.tenant
    agent = claims.agent
    role = claims.role
    subject = claims.subject
    issuedAt = claims.issuedAt
    expires = claims.expires
    window = claims.window
    services = claims.services
    sequence = claims.sequence
    kid = key.kid
    bundleBehind = claims.sequence.map { $0 > bundle.sequence } ?? false
  }
}

/// What becomes of a token that passed every check but the last.
package enum Verdict: Sendable, Equatable {
  case good(VerifiedToken)
  /// It was used before. While the window that it opened is still open, that is no refusal; only
  /// the caller knows.
  case spent(VerifiedToken, SpentRecord)
}

/// Decides over agent tokens: a pure function of the token, the trust, the identity, the trusted
/// time, the challenges that were made here and the spent set.
///
/// The checks run in the order of the contract and the first that fails gives the code.
package struct TokenVerifier: Sendable {
  /// The most bytes a token may have.
  package static let maxBytes = 2_048
  /// The longest lifetime of a token in seconds.
  static let maxLifetime: Int64 = 900
  /// How far in the future `iat` may be, in seconds.
  static let maxClockSkew: Int64 = 60

  package let bundle: TrustBundle
  package let identity: Identity
  /// All that is revoked: by the bundle, and by lists that came after it.
  private let revoked: Revocations
  private let scheme: any SignatureScheme

  /// - Parameter revoked: nil for what the bundle says alone.
  package init(
    bundle: TrustBundle, identity: Identity, revoked: Revocations? = nil,
    scheme: any SignatureScheme
  ) {
    self.bundle = bundle
    self.identity = identity
    self.revoked = revoked ?? bundle.revoked
    self.scheme = scheme
  }

  /// The token, if every check passes.
  ///
  /// - Throws: the first check that fails; `already_used` where it was spent.
  package func verify(
    _ text: [UInt8], at time: TrustedTime,
    challenges: (_ nonce: String) -> ChallengeVerdict = { _ in .unknown },
    spent: (_ issuer: String, _ jti: String) -> SpentRecord?
  ) throws(Refusal) -> VerifiedToken {
    switch try judge(text, at: time, challenges: challenges, spent: spent) {
    case .good(let token): return token
    case .spent(_, let record): throw Self.alreadyUsed(record)
    }
  }

  /// As `verify`, but that it was used before is part of the answer.
  package func judge(
    _ text: [UInt8], at time: TrustedTime,
    challenges: (_ nonce: String) -> ChallengeVerdict = { _ in .unknown },
    spent: (_ issuer: String, _ jti: String) -> SpentRecord?
  ) throws(Refusal) -> Verdict {
    let jws = try UnverifiedJWS(text, limit: Self.maxBytes, code: .malformed)
    let trust = Trust(bundle: bundle, revoked: revoked, now: time.now)
    let key = try trust.key(for: jws)
    guard let payload = jws.payload(signedBy: key.x, scheme: scheme) else {
      throw trust.refusal(.badSignature, "The signature is not that of the key", key.kid)
    }
    let claims = try TokenClaims(payload)
    try claims.checkAuthority(of: key, trust, identity)
    try claims.checkRevocation(key, trust)
    let elapsed = try claims.checkTime(trust, time, challenges)
    let token = VerifiedToken(
      claims, key: key, bundle: bundle, challengeElapsed: elapsed)
    guard let record = spent(token.issuer, token.jti) else { return .good(token) }
    return .spent(token, record)
  }

  /// The refusal of a token that was used before.
  package static func alreadyUsed(_ record: SpentRecord) -> Refusal {
    Refusal(
      .alreadyUsed,
      "This token was used here on \(Timestamp.text(record.at)), ledger record \(record.record).")
  }
}
