internal import JSON

/// What a cluster's online key takes back, between two trust bundles: verified.
package struct SignedRevocations: Sendable, Equatable {
  package let cluster: String
  /// 1 … 2^53 − 1; only ever higher.
  package let sequence: Int64
  /// Seconds since the epoch.
  package let issuedAt: Int64
  package let revoked: Revocations
  /// The key that signed it.
  package let kid: String
  /// The payload in base64url, which is the same exactly where its bytes are.
  package let payloadText: String

  init(_ payload: SignedPayload, jws: UnverifiedJWS, key: SigningKey) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: ArtefactType.revocations.malformed)
    let limits = JSON.Limits(maxDepth: 6, maxMembers: .max, allowNegative: false)
    var cluster: String?
    var sequence: Int64?
    var issuedAt: Int64?
    var fields = Revocations.Fields()
    for member in try reader.object(payload.bytes, limits: limits) {
      switch member.name {
      case "cluster": cluster = try reader.text(member, .id)
      case "seq": sequence = try reader.sequence(member)
      case "iat": issuedAt = try reader.time(member)
      default: try fields.take(member, reader)
      }
    }
    self.cluster = try reader.required(cluster, "cluster")
    self.sequence = try reader.required(sequence, "seq")
    self.issuedAt = try reader.required(issuedAt, "iat")
    revoked = fields.revocations
    kid = key.kid
    payloadText = String(decoding: jws.payloadText, as: UTF8.self)
  }
}

extension SignedRevocations {
  /// What a list says, for whoever signed it and wants to add to it.
  ///
  /// - Returns: nil where the text is no such list.
  package static func unverified(
    _ text: [UInt8]
  ) -> (sequence: Int64, revoked: Revocations)? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard ArtefactType.claimed(by: text) == .revocations,
      let payload = Base64URL.decode(parts[1]), let json = try? JSON.parse(payload),
      let sequence = json["seq"]?.integer
    else { return nil }
    let reader = ClaimReader(part: "Payload", code: ArtefactType.revocations.malformed)
    var fields = Revocations.Fields()
    for member in json.members ?? [] where !["cluster", "seq", "iat"].contains(member.name) {
      guard (try? fields.take(member, reader)) != nil else { return nil }
    }
    return (sequence, fields.revocations)
  }
}
