internal import AgentToken
internal import Cluster
internal import JSON
internal import NIOCore

/// A request that was let in and checked: what handlers work with.
struct Call: Sendable {
  let plane: ControlPlane
  let server: ServerState
  /// Whether only the headers of the answer are wanted.
  let isHead: Bool
  /// Where it comes from: an address.
  let source: String
  let channel: any Channel
  /// What stands for `{name}` in the path.
  let path: [String: String]
  /// The query's parameters, as their schemas have them.
  let query: [String: JSON]
  /// The body, as its schema has it; null where there is none.
  let body: JSON
  /// The body as it came.
  let bytes: [UInt8]
  /// The `Authorization` header.
  let authorization: String?
  /// The access token, where the endpoint wants an account.
  let accessToken: String
  private let known: (caller: Caller?, agent: AgentRecord?)

  init(
    plane: ControlPlane, server: ServerState, isHead: Bool, source: String, channel: any Channel,
    path: [String: String], query: [String: JSON], body: JSON, bytes: [UInt8],
    authorization: String?, accessToken: String, caller: Caller?, agent: AgentRecord?
  ) {
    self.plane = plane
    self.server = server
    self.isHead = isHead
    self.source = source
    self.channel = channel
    self.path = path
    self.query = query
    self.body = body
    self.bytes = bytes
    self.authorization = authorization
    self.accessToken = accessToken
    known = (caller, agent)
  }

  /// Who asks.
  ///
  /// - Throws: `unauthenticated` where the endpoint asks for no account.
  var caller: Caller {
    get throws(Refusal) {
      guard let caller = known.caller else {
        throw Refusal(.unauthenticated, "Nobody knows who is asking.")
      }
      return caller
    }
  }

  /// Which agent asks.
  ///
  /// - Throws: `certificate_required` where the endpoint asks for none.
  var agent: AgentRecord {
    get throws(Refusal) {
      guard let agent = known.agent else {
        throw Refusal(.certificateRequired, "No agent is known by this connection.")
      }
      return agent
    }
  }

  /// A segment of the path: its schema saw to it that there is one.
  func segment(_ name: String) -> String { path[name] ?? "" }

  var page: PageRequest {
    PageRequest(
      limit: query["limit"]?.integer.map { Int($0) } ?? PageRequest.usual,
      after: query["after"]?.string)
  }

  func text(_ name: String) -> String? { body[name]?.string }
  func number(_ name: String) -> Int64? { body[name]?.integer }
  func flag(_ name: String) -> Bool? { body[name]?.bool }
  func texts(_ name: String) -> [String] { body[name]?.array?.compactMap(\.string) ?? [] }
}
