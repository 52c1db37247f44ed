internal import AgentToken
internal import JSON
internal import Linux

/// The content of a trust bundle that is not signed yet.
struct BundleDraft: Sendable {
  let cluster: String
  let sequence: Int64
  let issuedAt: Int64
  var keys: [JSON]
  /// The root public keys, as JWKs.
  var roots: [JSON]
  var revoked: Revocations

  /// The first bundle of a cluster.
  init(cluster: String, issuedAt: Int64, keys: [JSON], roots: [JSON]) {
    self.cluster = cluster
    sequence = 1
    self.issuedAt = issuedAt
    self.keys = keys
    self.roots = roots
    revoked = .none
  }

  /// What follows a bundle, with the same content and the next sequence number above `floor`.
  init(following bundle: TrustBundle, issuedAt: Int64, above floor: Int64) {
    cluster = bundle.cluster
    sequence = max(bundle.sequence, floor) + 1
    self.issuedAt = issuedAt
    keys = bundle.keys.map(\.jwk)
    roots = bundle.roots.map(\.jwk)
    revoked = bundle.revoked
  }

  /// The bundle as a compact JWS, signed by a root.
  func signed(by root: KeyPair, kid: String) -> String {
    CompactJWS.make(
      header: ["alg": "Ed25519", "typ": "trust-bundle+jwt", "kid": .string(kid)],
      payload: payload, sign: { root.sign($0) })
  }

  private var payload: JSON {
    [
      "cluster": .string(cluster),
      "seq": .integer(sequence),
      "iat": .integer(issuedAt),
      "keys": .array(keys),
      "roots": .array(roots),
      "revoked": revoked.json,
    ]
  }

  /// Takes a key off the list for good.
  mutating func revoke(kid: String) {
    keys.removeAll { $0["kid"]?.string?.hasSameUTF8(as: kid) == true }
    revoked = Revocations(
      kids: revoked.kids.union([kid]), jtis: revoked.jtis,
      before: revoked.before.filter { $0.key != kid })
  }

  mutating func remove(root kid: String) {
    roots.removeAll { $0["kid"]?.string?.hasSameUTF8(as: kid) == true }
  }

  mutating func revoke(jti: String) {
    revoked = Revocations(
      kids: revoked.kids, jtis: revoked.jtis.union([jti]), before: revoked.before)
  }
}
