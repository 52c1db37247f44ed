package import JSON

/// What a cluster says that a host protects, and how strictly: verified, so that having one means
/// that a key of the role `cluster` signed it for this host.
package struct SignedProfile: Sendable, Equatable {
  /// The longest that one may be there to be taken, in seconds. It holds until the next one.
  static let maxLifetime: Int64 = 86_400

  package let cluster: String
  package let agent: String
  /// The random id that the host made when it enrolled.
  package let enrolment: String
  /// 1 … 2^53 − 1; only ever higher.
  package let version: Int64
  /// Seconds since the epoch.
  package let issuedAt: Int64
  /// When it may last be taken, seconds since the epoch.
  package let expires: Int64
  /// An object of the configuration's keys; what they mean is decided elsewhere.
  package let settings: JSON
  /// The key that signed it: to be stored beside it, for `restore`.
  package let signer: SigningKey
  /// The profile as it came.
  package let jws: String

  private let payloadText: String

  init(
    _ payload: SignedPayload, jws: UnverifiedJWS, text: [UInt8], key: SigningKey
  ) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: ArtefactType.profile.malformed)
    let limits = JSON.Limits(maxDepth: 6, maxMembers: .max, allowNegative: false)
    var cluster: String?
    var agent: String?
    var enrolment: String?
    var version: Int64?
    var issuedAt: Int64?
    var expires: Int64?
    var settings: JSON?
    for member in try reader.object(payload.bytes, limits: limits) {
      switch member.name {
      case "cluster": cluster = try reader.text(member, .id)
      case "agent": agent = try reader.text(member, .id)
      case "enrolment": enrolment = try reader.text(member, .id)
      case "version": version = try reader.sequence(member)
      case "iat": issuedAt = try reader.time(member)
      case "exp": expires = try reader.time(member)
      case "settings": settings = .object(try reader.members(member))
      default: throw reader.unknown(member)
      }
    }
    self.cluster = try reader.required(cluster, "cluster")
    self.agent = try reader.required(agent, "agent")
    self.enrolment = try reader.required(enrolment, "enrolment")
    self.version = try reader.required(version, "version")
    self.issuedAt = try reader.required(issuedAt, "iat")
    self.expires = try reader.required(expires, "exp")
    self.settings = try reader.required(settings, "settings")
    guard self.expires > self.issuedAt else {
      throw reader.refusal("\"exp\" is not after \"iat\"")
    }
    guard self.expires - self.issuedAt <= Self.maxLifetime else {
      throw reader.refusal(
        "\"exp\" is \(self.expires - self.issuedAt) s after \"iat\", over the "
          + "\(Self.maxLifetime) s that are allowed")
    }
    signer = key
    payloadText = String(decoding: jws.payloadText, as: UTF8.self)
    self.jws = String(decoding: text, as: UTF8.self)
  }

  /// The host's own stored copy, at start: verified once more, with the key stored beside it.
  ///
  /// - Throws: `profile_malformed`, `profile_unknown_key`, `profile_bad_signature`.
  package static func restore(
    jws text: [UInt8], signer: SigningKey, scheme: any SignatureScheme
  ) throws(Refusal) -> SignedProfile {
    let (jws, payload) = try ArtefactType.profile.reopen(text, signer: signer, scheme: scheme)
    return try SignedProfile(payload, jws: jws, text: text, key: signer)
  }

  /// Whether this one may weaken protection: only where its key may, and only while this host knows
  /// what time it is, so that nothing that was kept back can be played to it later.
  ///
  /// - Parameter what: the settings that it would loosen, for the message; not empty.
  /// - Throws: `profile_loosens`, `profile_clock_state_missing`, `profile_clock_rolled_back`,
  ///   `profile_clock_behind`.
  package func checkLoosening(_ what: [String], at time: TrustedTime) throws(Refusal) {
    let kind = ArtefactType.profile
    guard signer.loosens else {
      throw kind.refusal(
        kind.loosens,
        "It would loosen \(what.joined(separator: ", ")), and its key \(signer.kid.quoted()) may "
          + "only tighten.")
    }
    if let doubt = time.doubt {
      throw kind.refusal(
        doubt.isOfState ? kind.clockStateMissing : kind.clockRolledBack,
        "It would loosen \(what.joined(separator: ", ")), and \(doubt.reason).")
    }
    guard issuedAt <= time.now + TokenVerifier.maxClockSkew else {
      throw kind.refusal(
        kind.clockBehind,
        "It was signed \(issuedAt - time.now) s in the future of this host's clock "
          + "(\(Timestamp.text(time.now))), which is slow by that much.")
    }
  }

  /// Whether the signer's word counts no more: its key was revoked since, or what it had signed by
  /// then.
  package func isRevoked(by revoked: Revocations) -> Bool {
    revoked.kids.contains(signer.kid) || (revoked.before[signer.kid].map { issuedAt < $0 } ?? false)
  }

  func hasPayload(of other: SignedProfile) -> Bool {
    payloadText.hasSameUTF8(as: other.payloadText)
  }
}
