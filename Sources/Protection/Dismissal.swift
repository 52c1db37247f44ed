package import AgentToken

/// What lets everything go until further notice: a profile that switches protection off.
///
/// It is made from a verified profile whose key may loosen and counts today, and from nothing else,
/// so that no code path can release a shield for good without one.
package struct Dismissal: Sendable, Equatable {
  package let profile: SignedProfile

  /// - Parameter revoked: all that is revoked by now.
  /// - Returns: nil where the profile's key may not loosen, or its word counts no more.
  package init?(_ profile: SignedProfile, revoked: Revocations) {
    guard profile.signer.loosens, !profile.isRevoked(by: revoked) else { return nil }
    self.profile = profile
  }
}
