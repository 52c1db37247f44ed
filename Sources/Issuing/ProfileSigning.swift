package import AgentToken
package import JSON
internal import Linux

/// A profile to be signed.
package struct ProfileRequest: Sendable {
  package var agent: String
  /// As the host's status shows it: nothing that was signed before it enrolled is taken by it.
  package var enrolment: String
  /// Only ever higher; where nil, the seconds since the epoch.
  package var version: Int64?
  /// For how many seconds hosts take it, at most a day.
  package var lifetime: Int64
  /// An object of the configuration's keys.
  package var settings: JSON
  /// Whether it is to be signed by a key that may loosen.
  package var loosens: Bool
  package var kid: String?

  package init(
    agent: String, enrolment: String, version: Int64? = nil, lifetime: Int64 = 86_400,
    settings: JSON, loosens: Bool = false, kid: String? = nil
  ) {
    self.agent = agent
    self.enrolment = enrolment
    self.version = version
    self.lifetime = lifetime
    self.settings = settings
    self.loosens = loosens
    self.kid = kid
  }
}

/// A profile as it is handed out.
package struct IssuedProfile: Sendable {
  package let text: String
  package let content: SignedProfile
}

/// Signs profiles, with what is read of the issuer's files once: a cluster signs thousands at a time.
package struct ProfileSigner: Sendable {
  let signer: ArtefactSigner

  /// Signs a profile, and verifies it as its host would.
  ///
  /// The key is the signer's, whatever the request says of it.
  package func sign(_ request: ProfileRequest) throws(Refusal) -> IssuedProfile {
    try Identifier.check(request.agent, "agent")
    guard (1...86_400).contains(request.lifetime) else {
      throw Refusal(
        .invalid,
        "a profile can be taken for 1 second to 1 day, not \(TimeSpan.text(request.lifetime))",
        hint: "How long it holds is another matter: until the next one.")
    }
    let now = signer.now()
    return try signer.sign(
      [
        .init(name: "exp", value: .integer(now + request.lifetime)),
        .init(name: "agent", value: .string(request.agent)),
        .init(name: "enrolment", value: .string(request.enrolment)),
        .init(name: "version", value: .integer(request.version ?? now)),
        .init(name: "settings", value: request.settings),
      ], agent: request.agent
    ) { (verifier, text) throws(Refusal) in
      let profile = try verifier.profile(
        text, enrolment: request.enrolment, after: (nil, 0), at: TrustedTime(now: now))
      // Only one that is there already would be nothing.
      guard let profile else { throw Refusal(.internalError, "it is no profile") }
      return IssuedProfile(text: String(decoding: text, as: UTF8.self), content: profile)
    }
  }
}

extension Issuer {
  /// Signs a profile, and verifies it as its host would.
  package func sign(
    _ request: ProfileRequest, passphrase: Passphrase? = nil
  ) throws(Refusal) -> IssuedProfile {
    try ProfileSigner(
      signer: signer(
        of: .profile, kid: request.kid, loosens: request.loosens, passphrase: passphrase)
    ).sign(request)
  }

  /// What signs profiles with the newest key that may loosen, or that may only tighten.
  package func profileSigner(loosens: Bool) throws(Refusal) -> ProfileSigner {
    ProfileSigner(
      signer: try signer(of: .profile, kid: nil, loosens: loosens, passphrase: nil))
  }
}
