internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum AgentTokenEndpoints {
  static let shape = Schema.named(
    "AgentToken",
    .object([
      Schema.required("jti", .any), Schema.required("scope", .words(Scope.self)),
      Schema.required("tenant", .nullable(.any)), Schema.required("agent", .nullable(.any)),
      Schema.required("kid", .any, "The key that signed it."),
      Schema.required("role", .any, "That key's."),
      Schema.required("answers_challenge", .boolean),
      Schema.required("window", .nullable(.count), "Seconds that it opens a host for."),
      Schema.required("services", .array(.any, 0...Int.max)),
      Schema.required("status", .words(IssuedTokenRecord.Status.self)),
      Schema.required("issued_at", .time), Schema.required("expires", .time),
      Schema.required("issued_by", .any), Schema.required("issuer", .any, "By name."),
      Schema.required("revoked_at", .nullable(.time)),
      Schema.required(
        "uses",
        .array(
          .object([
            Schema.required("agent", .any), Schema.required("at", .count),
            Schema.required("record", .count, "Of the agent's ledger."),
            Schema.required("meant", .boolean, "Whether it was meant for that host."),
          ]), 0...Int.max)),
    ]))

  static func json(_ token: IssuedTokenRecord, _ now: Int64) -> JSON {
    [
      "jti": .string(token.jti), "scope": .string(token.scope.rawValue),
      "tenant": .text(token.tenant), "agent": .text(token.agent), "kid": .string(token.kid),
      "role": .string(token.role.rawValue), "answers_challenge": .bool(token.answersChallenge),
      "window": .number(token.window), "services": .texts(token.services),
      "status": .string(token.status(at: now).rawValue), "issued_at": .integer(token.issuedAt),
      "expires": .integer(token.expires), "issued_by": .string(token.issuedBy),
      "issuer": .string(token.issuer), "revoked_at": .number(token.revokedAt),
      "uses": .array(
        token.uses.map {
          [
            "agent": .string($0.agent), "at": .integer($0.at), "record": .integer($0.record),
            "meant": .bool($0.isMeant),
          ]
        }),
    ]
  }

  private static let text = Schema.any
  private static let segment = ["jti": Schema.text(.jti)]
  private static let services = Schema.array(.text(.words(1...256)), 0...64)
  private static let seconds = Schema.integer(1...366 * 86_400)

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/agent-tokens", "listAgentTokens",
      "Agent tokens that were issued, without their texts, the newest first.",
      query: Endpoint.paging + [
        .init("tenant", .text(.identifier), "Only its."),
        .init("agent", .text(.identifier), "Only its."),
        .init("status", .words(IssuedTokenRecord.Status.self), "Only those."),
        .init("issued_by", .text(.id), "The account that issued them."),
      ], output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      let filter = IssuedTokenFilter(
        tenant: call.query["tenant"]?.string, agent: call.query["agent"]?.string,
        status: call.query["status"]?.string.flatMap(IssuedTokenRecord.Status.init),
        issuedBy: call.query["issued_by"]?.string)
      let now = call.plane.now()
      return .page(try await call.plane.tokens(call.caller, filter, call.page)) { json($0, now) }
    },
    Endpoint(
      .post, "/api/v1/agent-tokens", "issueAgentTokens",
      "Issues agent tokens and says their texts: one for the cluster or a tenant, or one for each agent.",
      input: .json(
        .object([
          Schema.required("scope", .words(Scope.self)),
          Schema.optional("tenant", .text(.identifier), "Where the scope is tenant."),
          Schema.optional("agents", .array(.text(.id), 1...500), "Where the scope is agent."),
          Schema.optional("window", seconds), Schema.optional("services", services),
          Schema.optional("lifetime", seconds, "Seconds that it is good for."),
        ])), status: .created,
      output: Endpoint.list(
        of: .object([
          Schema.required("agent", .nullable(.any), "The agent that was asked for."),
          Schema.required("token", .nullable(shape)), Schema.required("text", .nullable(text)),
          Schema.required("problem", .nullable(Problem.schema), "Why there is none."),
        ])), isIdempotent: true
    ) { call throws(Refusal) in
      guard let scope = call.text("scope").flatMap(Scope.init) else {
        throw Refusal(.invalidRequest, "There is no such scope.")
      }
      let outcomes = try await call.plane.issueTokens(
        call.caller,
        TokenWish(
          scope: scope, tenant: call.text("tenant"), agents: call.texts("agents"),
          window: call.number("window"), services: call.texts("services"),
          lifetime: call.number("lifetime")))
      let now = call.plane.now()
      call.server.metrics.count(
        .tokensIssued, by: outcomes.count { (try? $0.result.get()) != nil })
      var answer = Answer.items(outcomes) { outcome -> JSON in
        switch outcome.result {
        case .success(let granted):
          [
            "agent": .text(outcome.agent), "token": json(granted.record, now),
            "text": .string(granted.text), "problem": .null,
          ]
        case .failure(let refusal):
          [
            "agent": .text(outcome.agent), "token": .null, "text": .null,
            "problem": Problem(refusal).json,
          ]
        }
      }
      answer.status = .created
      if outcomes.count == 1, let only = try? outcomes[0].result.get() {
        answer.location = "/api/v1/agent-tokens/\(only.record.jti)"
      }
      return answer
    },
    Endpoint(
      .post, "/api/v1/agent-tokens/challenge", "answerChallenge",
      "Issues a token that answers a host's challenge, and says its text.",
      input: .json(
        .object([
          Schema.required("challenge", .text(.secret(1...16384)), "As the host shows it."),
          Schema.optional("scope", .words(Scope.self)), Schema.optional("window", seconds),
          Schema.optional("services", services),
          Schema.optional("reinstalled", .boolean, "The host's ledger begins anew, rightly."),
        ])), status: .created,
      output: .json(
        .object([
          Schema.required("token", shape), Schema.required("text", text),
          Schema.required("warnings", .array(.any, 0...Int.max), "What is odd about the host."),
        ])), isIdempotent: true
    ) { call throws(Refusal) in
      let answered = try await call.plane.answer(
        call.caller, challenge: call.text("challenge") ?? "",
        ChallengeWish(
          scope: call.text("scope").flatMap(Scope.init), window: call.number("window"),
          services: call.texts("services"), reinstalled: call.flag("reinstalled") ?? false))
      call.server.metrics.count(.tokensIssued)
      return .created(
        [
          "token": json(answered.token.record, call.plane.now()),
          "text": .string(answered.token.text), "warnings": .texts(answered.warnings),
        ], at: "/api/v1/agent-tokens/\(answered.token.record.jti)")
    },
    Endpoint(
      .get, "/api/v1/agent-tokens/{jti}", "getAgentToken", "An agent token, without its text.",
      segments: segment, output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.token(call.caller, call.segment("jti")), call.plane.now()))
    },
    Endpoint(
      .post, "/api/v1/agent-tokens/{jti}/revoke", "revokeAgentToken",
      "Makes a token good for nothing on every host that hears of it.", segments: segment,
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(try await call.plane.revokeToken(call.caller, call.segment("jti")), call.plane.now()))
    },
  ]
}
