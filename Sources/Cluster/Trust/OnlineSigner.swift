package import AgentToken
package import Issuing

/// What the server signs with: the issuer in its data directory, whose signing keys lie open there and
/// whose root key is sealed, or elsewhere.
///
/// Every call reads the files anew, so that what an administrator changes with `holdfast-cluster key`
/// counts at once.
package struct OnlineSigner: Sendable {
  package let issuer: Issuer

  package init(issuer: Issuer) {
    self.issuer = issuer
  }

  /// The trust bundle in force.
  package func bundle() throws(Refusal) -> TrustBundle { try issuer.bundle() }

  /// What is signed has numbers above this one, after the restore of a backup.
  package func floor() throws(Refusal) -> Int64 { try issuer.floor() }

  /// What takes a host at `sequence` to the bundle in force.
  package func chain(from sequence: Int64) throws(Refusal) -> [TrustBundle] {
    try issuer.chain(from: sequence)
  }

  package func token(_ request: TokenRequest) throws(Refusal) -> IssuedToken {
    try issuer.issue(request)
  }

  /// Compares what a challenge says with what is known of its host, and remembers it.
  package func remember(_ challenge: ChallengeText, reinstalled: Bool) -> [ChallengeWarning] {
    issuer.remember(challenge, reinstalled: reinstalled)
  }

  package func profileSigner(loosens: Bool) throws(Refusal) -> ProfileSigner {
    try issuer.profileSigner(loosens: loosens)
  }

  /// The list of revocations that was signed last; nil where none was.
  package func revocations() throws(Refusal) -> (sequence: Int64, text: String)? {
    try issuer.revocations()
  }

  /// Adds to what is revoked online.
  ///
  /// - Parameters:
  ///   - sequence: one that agents have had, and the list's is to be above.
  ///   - settled: tokens that `before` takes back, so that the list need not name them.
  package func revoke(
    _ revoked: Revocations, above sequence: Int64 = 0, settled: Set<String> = []
  ) throws(Refusal) -> IssuedRevocations {
    try issuer.sign(revoked, above: sequence, settled: settled)
  }

  /// What is revoked online.
  package func revoked() throws(Refusal) -> Revocations { try issuer.lastRevocations().revoked }

  package func time(agent: String, nonce: String) throws(Refusal) -> IssuedTime {
    try issuer.signTime(agent: agent, nonce: nonce)
  }

  /// Takes a bundle that was signed elsewhere; whether it is newer than the one in force.
  package func take(bundle jws: String) throws(Refusal) -> Bool { try issuer.take(bundle: jws) }

  /// Whether the root's private part lies beside the server, which does not need it: sealed, and
  /// better elsewhere.
  package func rootLiesHere() throws(Refusal) -> Bool {
    try issuer.listKeys().keys.contains { $0.role == nil && $0.privatePart != .absent }
  }
}
