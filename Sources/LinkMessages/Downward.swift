package import AgentToken
package import JSON

/// What a cluster says down a link: one line of JSON each, `{"kind":…}`.
package enum Downward: Sendable, Equatable {
  /// The first one: who it is, what time it is there, and which record of the ledger it wants next.
  case hello(cluster: String, now: Int64, next: Int64)
  /// What is signed for the host: handed to holdfastd as it is.
  case artefact(ArtefactType, jws: String)
  /// Protect again, now.
  case protect
  /// Say how things stand, now.
  case report
  /// Nothing: keeps the connection.
  case ping
  /// The end; come back after so many seconds.
  case bye(reason: String, after: Int64)

  package var json: JSON {
    switch self {
    case .hello(let cluster, let now, let next):
      [
        "kind": "hello", "cluster": .string(cluster), "now": .integer(now), "next": .integer(next),
      ]
    case .artefact(let type, let jws): ["kind": .string(type.verb), "jws": .string(jws)]
    case .protect: ["kind": "protect"]
    case .report: ["kind": "report"]
    case .ping: ["kind": "ping"]
    case .bye(let reason, let after):
      ["kind": "bye", "reason": .string(reason), "after": .integer(after)]
    }
  }

  /// With its line feed.
  package var line: [UInt8] { json.encodedBytes() + [UInt8(ascii: "\n")] }

  /// - Returns: nil for what is none of these: a newer cluster may say more, and it is passed over.
  package init?(line: [UInt8]) {
    guard
      let json = try? JSON.parse(
        line, limits: .init(maxBytes: LinkLimits.line, maxDepth: 4, maxMembers: 16)),
      let kind = json["kind"]?.string
    else { return nil }
    switch kind {
    case "hello":
      guard let cluster = json["cluster"]?.string, let now = json["now"]?.integer,
        let next = json["next"]?.integer, next >= 0
      else { return nil }
      self = .hello(cluster: cluster, now: now, next: next)
    case "protect": self = .protect
    case "report": self = .report
    case "ping": self = .ping
    case "bye":
      guard let reason = json["reason"]?.string, let after = json["after"]?.integer else {
        return nil
      }
      self = .bye(reason: reason, after: min(max(after, 0), 3600))
    default:
      guard let type = ArtefactType.allCases.first(where: { $0.verb == kind }),
        let jws = json["jws"]?.string
      else { return nil }
      self = .artefact(type, jws: jws)
    }
  }
}
