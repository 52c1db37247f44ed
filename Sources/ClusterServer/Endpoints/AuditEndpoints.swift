internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum AuditEndpoints {
  private static let shape = Schema.named(
    "AuditEntry",
    .object([
      Schema.required("seq", .count), Schema.required("at", .time),
      Schema.required("account", .any), Schema.required("name", .any),
      Schema.required("source", .any, "Where from."), Schema.required("action", .any),
      Schema.required("tenant", .nullable(.any)), Schema.required("target", .any),
      Schema.required("details", .nullable(.anyObject)),
    ]))

  private static func json(_ entry: AuditEntry) -> JSON {
    [
      "seq": .integer(entry.sequence), "at": .integer(entry.at),
      "account": .string(entry.account), "name": .string(entry.name),
      "source": .string(entry.source), "action": .string(entry.action),
      "tenant": .text(entry.tenant), "target": .string(entry.target),
      "details": .kept(entry.details),
    ]
  }

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/audit", "readAudit", "Who changed what, from where, the newest first.",
      query: Endpoint.paging + [
        .init("tenant", .text(.identifier), "Only what is about it."),
        .init("account", .text(.words(1...128)), "An account's id or name."),
        .init("action", .text(.identifier), "What the action begins with."),
        .init("since", .time, "From then on."), .init("until", .time, "Before then."),
      ], output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      let filter = AuditFilter(
        tenant: call.query["tenant"]?.string, account: call.query["account"]?.string,
        action: call.query["action"]?.string, since: call.query["since"]?.integer,
        until: call.query["until"]?.integer)
      return .page(try await call.plane.audit(call.caller, filter, call.page), json)
    }
  ]
}
