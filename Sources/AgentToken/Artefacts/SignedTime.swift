internal import JSON

/// What time a cluster says it was when it answered a challenge of this host: verified.
package struct SignedTime: Sendable, Equatable {
  /// Seconds since the epoch.
  package let issuedAt: Int64
  /// How many seconds of CLOCK_BOOTTIME ago the challenge was made, so that the time now is at most
  /// `issuedAt` plus this.
  package let elapsed: Int64
  /// The key that signed it.
  package let kid: String
}

/// The claims of a signed time, each of its exact type and shape.
struct SignedTimeClaims {
  let cluster: String
  let agent: String
  let nonce: String
  let issuedAt: Int64

  /// - Throws: `time_malformed`, naming the member.
  init(_ payload: SignedPayload) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: ArtefactType.time.malformed)
    let limits = JSON.Limits(maxDepth: 6, maxMembers: 32, allowNegative: false)
    var cluster: String?
    var agent: String?
    var nonce: String?
    var issuedAt: Int64?
    for member in try reader.object(payload.bytes, limits: limits) {
      switch member.name {
      case "cluster": cluster = try reader.text(member, .id)
      case "agent": agent = try reader.text(member, .id)
      case "nonce": nonce = try reader.nonce(member)
      case "iat": issuedAt = try reader.time(member)
      default: throw reader.unknown(member)
      }
    }
    self.cluster = try reader.required(cluster, "cluster")
    self.agent = try reader.required(agent, "agent")
    self.nonce = try reader.required(nonce, "nonce")
    self.issuedAt = try reader.required(issuedAt, "iat")
  }
}
