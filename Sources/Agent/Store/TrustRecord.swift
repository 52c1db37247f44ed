internal import AgentToken
internal import JSON

extension TrustStore {
  /// What enrolment and the cluster's signatures since then said.
  struct Trust: Sendable, Equatable {
    let identity: Identity
    /// A random id made when this host enrolled.
    let enrolment: String
    let bundle: TrustBundle
    /// What lists of revocations took back since, as far as the bundle does not say so itself.
    let revocations: Revoking
    /// The last profile that is here.
    let profile: SignedProfile?
    /// The highest version that this enrolment has seen; 0 for none.
    var profileVersion: Int64
    /// All that is revoked.
    let revoked: Revocations

    init(
      identity: Identity, enrolment: String, bundle: TrustBundle,
      revocations: Revoking = Revoking(),
      profile: SignedProfile? = nil, profileVersion: Int64 = 0
    ) {
      self.identity = identity
      self.enrolment = enrolment
      self.bundle = bundle
      self.revocations = Revoking(
        sequence: revocations.sequence, payload: revocations.payload,
        revoked: revocations.revoked.subtracting(bundle.revoked))
      self.profile = profile
      self.profileVersion = max(profileVersion, profile?.version ?? 0)
      revoked = bundle.revoked.union(revocations.revoked)
    }
  }

  /// The lists of revocations, added up.
  struct Revoking: Sendable, Equatable {
    /// Of the last list; 0 where there was none.
    var sequence: Int64 = 0
    /// Of the last list, in base64url.
    var payload = ""
    var revoked = Revocations.none

    /// More than this is for the next trust bundle to say.
    static let limit = 16_384
  }
}

extension TrustStore.Trust {
  /// The profile that was accepted last; nil where only an older one is left of it.
  var currentProfile: SignedProfile? { profile?.version == profileVersion ? profile : nil }

  func with(bundle: TrustBundle) -> Self {
    Self(
      identity: identity, enrolment: enrolment, bundle: bundle, revocations: revocations,
      profile: profile, profileVersion: profileVersion)
  }

  func with(_ list: SignedRevocations) -> Self {
    Self(
      identity: identity, enrolment: enrolment, bundle: bundle,
      revocations: TrustStore.Revoking(
        sequence: list.sequence, payload: list.payloadText,
        revoked: revocations.revoked.union(list.revoked)),
      profile: profile, profileVersion: profileVersion)
  }

  func with(_ profile: SignedProfile) -> Self {
    Self(
      identity: identity, enrolment: enrolment, bundle: bundle, revocations: revocations,
      profile: profile, profileVersion: profileVersion)
  }

  func verifier(_ scheme: any SignatureScheme) -> ArtefactVerifier {
    ArtefactVerifier(bundle: bundle, identity: identity, revoked: revoked, scheme: scheme)
  }
}

// As it is stored.
extension TrustStore.Trust {
  var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "cluster", value: .string(identity.cluster)),
      .init(name: "tenant", value: .string(identity.tenant)),
      .init(name: "agent", value: .string(identity.agent)),
      .init(name: "enrolment", value: .string(enrolment)),
      .init(name: "signer", value: bundle.signer.jwk),
      .init(name: "bundle", value: .string(bundle.jws)),
    ]
    if revocations.sequence > 0 {
      members.append(
        .init(
          name: "revocations",
          value: [
            "seq": .integer(revocations.sequence), "payload": .string(revocations.payload),
            "revoked": revocations.revoked.json,
          ]))
    }
    if profileVersion > 0 {
      members.append(
        .init(
          name: "profile",
          value: [
            "version": .integer(profileVersion),
            "signer": profile.map(\.signer.jwk) ?? .null,
            "jws": profile.map { .string($0.jws) } ?? .null,
          ]))
    }
    return .object(members)
  }

  /// Bundle and profile are verified once more, against the keys stored beside them: whoever can
  /// write this file is root, but a file damaged by accident must not pass.
  init?(json: JSON, scheme: any SignatureScheme) {
    guard let cluster = json["cluster"]?.string, let tenant = json["tenant"]?.string,
      let agent = json["agent"]?.string, let enrolment = json["enrolment"]?.string,
      let text = json["bundle"]?.string, let jwk = json["signer"],
      let signer = try? PublicKey(jwk: jwk, scheme: scheme),
      let identity = try? Identity(cluster: cluster, tenant: tenant, agent: agent),
      let bundle = try? TrustBundle.restore(
        jws: Array(text.utf8), pinned: [signer], cluster: cluster, scheme: scheme)
    else { return nil }
    var revocations = TrustStore.Revoking()
    if let stored = json["revocations"] {
      guard let sequence = stored["seq"]?.integer, let payload = stored["payload"]?.string,
        let revoked = stored["revoked"], let read = try? Revocations(revoked)
      else { return nil }
      revocations = TrustStore.Revoking(sequence: sequence, payload: payload, revoked: read)
    }
    var profile: SignedProfile?
    if let jws = json["profile"]?["jws"]?.string {
      guard let jwk = json["profile"]?["signer"],
        let signer = try? SigningKey(jwk: jwk, scheme: scheme),
        let read = try? SignedProfile.restore(
          jws: Array(jws.utf8), signer: signer, scheme: scheme),
        read.enrolment == enrolment
      else { return nil }
      profile = read
    }
    self.init(
      identity: identity, enrolment: enrolment, bundle: bundle, revocations: revocations,
      profile: profile, profileVersion: json["profile"]?["version"]?.integer ?? 0)
  }
}
