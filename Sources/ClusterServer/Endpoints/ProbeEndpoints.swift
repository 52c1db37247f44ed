internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON
internal import Linux

/// For machines that look after the server.
enum ProbeEndpoints {
  static let all: [Endpoint] = [
    Endpoint(
      .get, "/healthz", "health", "Whether the process lives.", who: .anyone,
      output: .json(.object([Schema.required("status", .word(["ok"]))])), isProbe: true
    ) { _ in .ok(["status": "ok"]) },
    Endpoint(
      .get, "/readyz", "readiness", "Whether requests can be served: the database and the keys.",
      who: .anyone, output: .json(.object([Schema.required("status", .word(["ready"]))])),
      isProbe: true
    ) { call throws(Refusal) in
      try await call.plane.store.check()
      _ = try call.plane.signer.bundle()
      guard !call.server.isStopping else { throw Refusal(.busy, "The server is stopping.") }
      return .ok(["status": "ready"])
    },
    Endpoint(
      .get, "/metrics", "metrics", "Figures, for who sees all tenants and may read the audit log.",
      output: .bytes(type: OpenMetrics.type), isProbe: true
    ) { call throws(Refusal) in
      try call.caller.require(.readAudit)
      guard try call.caller.view == .all else {
        throw Refusal(
          .forbidden, "The figures are about all tenants, and not all are yours.",
          hint: "Ask a site-admin or an auditor of all tenants.")
      }
      let figures = try await Figures.read(call.plane, call.server)
      return Answer(status: .ok, body: .bytes(figures.bytes, type: OpenMetrics.type))
    },
    Endpoint(
      .get, "/openapi.json", "describe", "This description of the API (OpenAPI 3.1).",
      who: .anyone, output: .json(.anyObject)
    ) { call in
      Answer(status: .ok, body: .bytes(call.server.openAPI, type: "application/json"))
    },
  ]
}
