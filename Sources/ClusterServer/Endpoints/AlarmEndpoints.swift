internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum AlarmEndpoints {
  static let shape = Schema.named(
    "Alarm",
    .object([
      Schema.required("id", .any), Schema.required("at", .time),
      Schema.required("kind", .words(Alarm.Kind.self)), Schema.required("tenant", .any),
      Schema.required("agent", .any), Schema.required("message", .any),
      Schema.required("acknowledged_at", .nullable(.time)),
      Schema.required("acknowledged_by", .nullable(.any)),
    ]))

  static func json(_ alarm: Alarm) -> JSON {
    [
      "id": .string(alarm.id), "at": .integer(alarm.at), "kind": .string(alarm.kind.rawValue),
      "tenant": .string(alarm.tenant), "agent": .string(alarm.agent),
      "message": .string(alarm.message), "acknowledged_at": .number(alarm.acknowledgedAt),
      "acknowledged_by": .text(alarm.acknowledgedBy),
    ]
  }

  private static let segment = ["alarm": Schema.text(.id)]

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/alarms", "listAlarms", "What somebody has to look at, the newest first.",
      query: Endpoint.paging + [
        .init("open", .boolean, "Only those that nobody acknowledged, or those somebody did.")
      ], output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      .page(
        try await call.plane.alarms(call.caller, isOpen: call.query["open"]?.bool, call.page),
        json)
    },
    Endpoint(
      .get, "/api/v1/alarms/{alarm}", "getAlarm", "An alarm.", segments: segment,
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.alarm(call.caller, call.segment("alarm"))))
    },
    Endpoint(
      .post, "/api/v1/alarms/{alarm}/acknowledge", "acknowledgeAlarm",
      "Says that somebody looked at it.", segments: segment, output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.acknowledgeAlarm(call.caller, call.segment("alarm"))))
    },
  ]
}
