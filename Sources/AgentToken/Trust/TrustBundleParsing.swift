internal import JSON

/// The payload of a trust bundle, read but not yet accepted.
struct TrustBundlePayload {
  /// The most keys a bundle may hold.
  static let maxKeys = 1_024

  let cluster: String
  let sequence: Int64
  let issuedAt: Int64
  let keys: [SigningKey]
  let roots: [PublicKey]
  let revoked: Revocations

  /// - Throws: `bundle_malformed`, naming the member or key.
  init(_ payload: SignedPayload, scheme: any SignatureScheme) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: .bundleMalformed)
    // The text's own limit bounds how many members there can be.
    let limits = JSON.Limits(maxDepth: 6, maxMembers: .max, allowNegative: false)
    var cluster: String?
    var sequence: Int64?
    var issuedAt: Int64?
    var keys: [SigningKey]?
    var roots: [PublicKey]?
    var revoked: Revocations?
    for member in try reader.object(payload.bytes, limits: limits) {
      switch member.name {
      case "cluster": cluster = try reader.text(member, .id)
      case "seq": sequence = try reader.sequence(member)
      case "iat": issuedAt = try reader.time(member)
      case "keys": keys = try Self.keys(member, reader, scheme)
      case "roots": roots = try Self.roots(member, reader, scheme)
      case "revoked": revoked = try Revocations(member.value)
      default: throw reader.unknown(member)
      }
    }
    self.cluster = try reader.required(cluster, "cluster")
    self.sequence = try reader.required(sequence, "seq")
    self.issuedAt = try reader.required(issuedAt, "iat")
    self.keys = try reader.required(keys, "keys")
    self.roots = try reader.required(roots, "roots")
    self.revoked = try reader.required(revoked, "revoked")
    var kids: Set<String> = []
    for kid in self.keys.map(\.kid) + self.roots.map(\.kid) where !kids.insert(kid).inserted {
      throw reader.refusal("the kid \(kid.quoted()) stands twice among keys and roots")
    }
  }

  private static func keys(
    _ member: JSON.Member, _ reader: ClaimReader, _ scheme: any SignatureScheme
  ) throws(Refusal) -> [SigningKey] {
    let values = try reader.array(member)
    guard values.count <= maxKeys else { throw reader.wrong(member, "holds over \(maxKeys) keys") }
    var keys: [SigningKey] = []
    for value in values { keys.append(try SigningKey(jwk: value, scheme: scheme)) }
    return keys
  }

  private static func roots(
    _ member: JSON.Member, _ reader: ClaimReader, _ scheme: any SignatureScheme
  ) throws(Refusal) -> [PublicKey] {
    let values = try reader.array(member)
    guard !values.isEmpty else { throw reader.wrong(member, "is empty") }
    guard values.count <= maxKeys else { throw reader.wrong(member, "holds over \(maxKeys) keys") }
    var roots: [PublicKey] = []
    for value in values { roots.append(try PublicKey(jwk: value, scheme: scheme)) }
    return roots
  }
}
