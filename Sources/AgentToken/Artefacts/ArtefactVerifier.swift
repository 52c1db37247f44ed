internal import JSON

/// Decides over what a cluster's online keys and its release keys sign: a pure function of the text,
/// the trust, the identity and the time.
///
/// The checks run in the bundle's order and the first that fails gives the code: size and header,
/// key, signature, payload, the key's end, cluster, then what each kind asks for.
package struct ArtefactVerifier: Sendable {
  /// How far ahead of the one here a sequence or version may be.
  static let maxJump = TrustBundle.maxJump

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

  /// A profile for this host.
  ///
  /// - Parameters:
  ///   - enrolment: the random id that this host made when it enrolled.
  ///   - current: the profile here, and the highest version that this enrolment has seen.
  /// - Returns: nil where it is the one here already.
  /// - Throws: the first of `profile_malformed`, `_key_revoked`, `_unknown_key`, `_bad_signature`,
  ///   `_malformed` for its payload, `_key_expired`, `_wrong_cluster`, `_wrong_agent`,
  ///   `_wrong_enrolment`, `_revoked`, `_older`, `_jump`, `_conflict`, `_expired`. Whether it may
  ///   loosen is decided by whoever knows the settings: `checkLoosening`.
  package func profile(
    _ text: [UInt8], enrolment: String, after current: (profile: SignedProfile?, version: Int64),
    at time: TrustedTime
  ) throws(Refusal) -> SignedProfile? {
    let kind = ArtefactType.profile
    let (jws, key, payload) = try open(text, kind)
    let profile = try SignedProfile(payload, jws: jws, text: text, key: key)
    try checkKey(key, profile.issuedAt, kind)
    try checkCluster(profile.cluster, kind)
    try checkAgent(profile.agent, kind)
    guard profile.enrolment.hasSameUTF8(as: enrolment) else {
      throw kind.refusal(
        kind.wrongEnrolment,
        "It is for the enrolment \(profile.enrolment.quoted()), this is \(enrolment.quoted()).")
    }
    try checkRevocation(key, profile.issuedAt, kind)
    let isSame = try Self.checkOrder(
      profile.version, after: current.version, kind, "version",
      isSame: current.profile.map { $0.hasPayload(of: profile) } ?? false)
    if isSame { return nil }
    let limit = max(time.now, time.hardFloor, bundle.issuedAt)
    guard limit < profile.expires else {
      throw kind.refusal(
        kind.expired,
        "It could be taken until \(Timestamp.text(profile.expires)), "
          + "\(Timestamp.span(limit - profile.expires)) ago; the trusted time used is "
          + "\(Timestamp.text(limit)).")
    }
    return profile
  }

  /// A list of revocations, newer than the last one here.
  ///
  /// - Parameter current: the sequence of the last one that was taken, 0 where there was none, and
  ///   its payload.
  /// - Returns: nil where it is the last one again.
  /// - Throws: the first of `revocations_malformed`, `_key_revoked`, `_unknown_key`,
  ///   `_bad_signature`, `_malformed` for its payload, `_key_expired`, `_wrong_cluster`, `_revoked`,
  ///   `_older`, `_jump`, `_conflict`.
  package func revocations(
    _ text: [UInt8], after current: (sequence: Int64, payload: String)
  ) throws(Refusal) -> SignedRevocations? {
    let kind = ArtefactType.revocations
    let (jws, key, payload) = try open(text, kind)
    let list = try SignedRevocations(payload, jws: jws, key: key)
    try checkKey(key, list.issuedAt, kind)
    try checkCluster(list.cluster, kind)
    try checkRevocation(key, list.issuedAt, kind)
    let isSame = try Self.checkOrder(
      list.sequence, after: current.sequence, kind, "sequence",
      isSame: list.payloadText.hasSameUTF8(as: current.payload))
    return isSame ? nil : list
  }

  /// What time it is, as answer to a challenge that was made here.
  ///
  /// - Throws: the first of `time_malformed`, `_key_revoked`, `_unknown_key`, `_bad_signature`,
  ///   `_malformed` for its payload, `_key_expired`, `_wrong_cluster`, `_wrong_agent`, `_revoked`,
  ///   `_challenge_unknown`, `_challenge_expired`.
  package func time(
    _ text: [UInt8], challenges: (_ nonce: String) -> ChallengeVerdict
  ) throws(Refusal) -> SignedTime {
    let kind = ArtefactType.time
    let (_, key, payload) = try open(text, kind)
    let claims = try SignedTimeClaims(payload)
    try checkKey(key, claims.issuedAt, kind)
    try checkCluster(claims.cluster, kind)
    try checkAgent(claims.agent, kind)
    try checkRevocation(key, claims.issuedAt, kind)
    switch challenges(claims.nonce) {
    case .good(let elapsed):
      return SignedTime(issuedAt: claims.issuedAt, elapsed: elapsed, kid: key.kid)
    case .unknown:
      throw kind.refusal(
        kind.challengeUnknown,
        "It answers a challenge that this daemon does not know: it was made before a reboot, or on "
          + "another machine.")
    case .expired(let elapsed):
      throw kind.refusal(
        kind.challengeExpired,
        "It answers a challenge that was made \(Timestamp.span(elapsed)) ago; it is good for "
          + "\(Timestamp.span(Challenge.lifetime)).")
    }
  }

  /// What packages may be upgraded to without an unprotect.
  ///
  /// - Throws: the first of `release_malformed`, `_key_revoked`, `_unknown_key`, `_bad_signature`,
  ///   `_malformed` for its payload, `_key_expired`, `_wrong_cluster`, `_revoked`.
  package func release(_ text: [UInt8]) throws(Refusal) -> ReleaseManifest {
    let kind = ArtefactType.release
    let (_, key, payload) = try open(text, kind)
    let manifest = try ReleaseManifest(payload, key: key, text: text)
    try checkKey(key, manifest.issuedAt, kind)
    try checkCluster(manifest.cluster, kind)
    try checkRevocation(key, manifest.issuedAt, kind)
    return manifest
  }

  // MARK: The checks

  /// Size, header, key and signature.
  private func open(
    _ text: [UInt8], _ kind: ArtefactType
  ) throws(Refusal) -> (jws: UnverifiedJWS, key: SigningKey, payload: SignedPayload) {
    let jws = try UnverifiedJWS(text, limit: ArtefactType.maxBytes, code: kind.malformed)
    try jws.checkHeader(type: kind.rawValue, code: kind.malformed)
    guard !revoked.kids.contains(jws.kid) else {
      throw refusal(kind.keyRevoked, "The trust here revokes the key", jws.kid, kind)
    }
    guard let key = bundle.key(jws.kid) else {
      throw refusal(kind.unknownKey, "The trust bundle here does not know the key", jws.kid, kind)
    }
    guard key.role == kind.role else {
      throw refusal(
        kind.unknownKey,
        "A key of the role \(key.role.rawValue) signs no \(kind.noun), and that is what this is:",
        jws.kid, kind)
    }
    guard let payload = jws.payload(signedBy: key.x, scheme: scheme) else {
      throw refusal(kind.badSignature, "The signature is not that of the key", key.kid, kind)
    }
    return (jws, key, payload)
  }

  private func checkKey(
    _ key: SigningKey, _ issuedAt: Int64, _ kind: ArtefactType
  ) throws(Refusal) {
    guard let end = key.notAfter, end <= issuedAt else { return }
    throw refusal(
      kind.keyExpired,
      "It was signed at \(Timestamp.text(issuedAt)), when the key had ended at "
        + "\(Timestamp.text(end)):", key.kid, kind)
  }

  private func checkCluster(_ theirs: String, _ kind: ArtefactType) throws(Refusal) {
    guard !theirs.hasSameUTF8(as: identity.cluster) else { return }
    throw kind.refusal(
      kind.wrongCluster,
      "It is of the cluster \(theirs.quoted()), this host belongs to "
        + "\(identity.cluster.quoted()).")
  }

  private func checkAgent(_ theirs: String, _ kind: ArtefactType) throws(Refusal) {
    guard !theirs.hasSameUTF8(as: identity.agent) else { return }
    throw kind.refusal(
      kind.wrongAgent,
      "It is for the agent \(theirs.quoted()), this is \(identity.agent.quoted()).")
  }

  private func checkRevocation(
    _ key: SigningKey, _ issuedAt: Int64, _ kind: ArtefactType
  ) throws(Refusal) {
    guard let before = revoked.before[key.kid], issuedAt < before else { return }
    throw refusal(
      kind.revoked,
      "The trust here revokes what was signed before \(Timestamp.text(before)) by the key",
      key.kid, kind)
  }

  /// - Returns: whether it is the one here.
  private static func checkOrder(
    _ number: Int64, after current: Int64, _ kind: ArtefactType, _ name: String, isSame: Bool
  ) throws(Refusal) -> Bool {
    guard number >= current else {
      throw kind.refusal(
        kind.older,
        "Its \(name) \(number) is lower than that of the one here, \(current).")
    }
    guard number - current <= maxJump else {
      throw kind.refusal(
        kind.jump,
        "Its \(name) \(number) is more than \(maxJump) ahead of that of the one here, \(current).")
    }
    guard number == current else { return false }
    guard isSame else {
      throw kind.refusal(
        kind.conflict, "It has the \(name) of the one here, \(current), and another content.")
    }
    return true
  }

  /// A refusal that names the key and the bundle that knows no better.
  private func refusal(
    _ code: Refusal.Code, _ problem: String, _ kid: String, _ kind: ArtefactType
  ) -> Refusal {
    kind.refusal(
      code,
      "\(problem) \(kid.quoted(limit: 64)); the bundle has sequence \(bundle.sequence) and was "
        + "signed at \(Timestamp.text(bundle.issuedAt)): is there a newer one?")
  }
}
