internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum RegistrationTokenEndpoints {
  static let shape = Schema.named(
    "RegistrationToken",
    .object([
      Schema.required("id", .any), Schema.required("tenant", .any),
      Schema.required("description", .any), Schema.required("profile", .nullable(.any)),
      Schema.required("high_assurance", .boolean, "Off: its agents get user-space shields only."),
      Schema.required("manages_profile", .boolean),
      Schema.required("uses", .count), Schema.required("uses_left", .count),
      Schema.required("status", .words(RegistrationToken.Status.self)),
      Schema.required("created_at", .time),
      Schema.required("expires", .nullable(.time), "Null for never."),
      Schema.required("created_by", .any), Schema.required("creator", .any, "By name."),
      Schema.required("revoked_at", .nullable(.time)),
      Schema.required("hint", .any, "The first two characters of the secret."),
    ]))

  static func json(_ token: RegistrationToken, _ now: Int64) -> JSON {
    [
      "id": .string(token.id), "tenant": .string(token.tenant),
      "description": .string(token.description), "profile": .text(token.profile),
      "high_assurance": .bool(token.allowsHighAssurance),
      "manages_profile": .bool(token.managesProfile), "uses": .integer(token.uses),
      "uses_left": .integer(token.usesLeft), "status": .string(token.status(at: now).rawValue),
      "created_at": .integer(token.createdAt), "expires": .number(token.expires),
      "created_by": .string(token.createdBy), "creator": .string(token.creator),
      "revoked_at": .number(token.revokedAt), "hint": .string(token.hint),
    ]
  }

  private static let entry = Schema.named(
    "RegistrationTokenEntry",
    .object([
      Schema.required("tenant", .text(.identifier)),
      Schema.optional("description", .text(.words(0...256))),
      Schema.optional("profile", .nullable(.text(.id)), "What its agents get."),
      Schema.optional("high_assurance", .boolean, "true where not said."),
      Schema.optional(
        "manages_profile", .boolean,
        "Whether who makes it may apply and revoke the profile for the agents that it enrols."),
      Schema.optional("uses", .integer(RegistrationRequest.uses), "1 where not said."),
      Schema.optional(
        "lifetime", .integer(RegistrationRequest.lifetimes), "Seconds; 3 days where not said."),
      Schema.optional("never_expires", .boolean, "In place of a lifetime."),
    ]))
  private static let entries = Schema.object([
    Schema.required("entries", .array(entry, 1...500))
  ])
  private static let ids = Schema.required("ids", .array(.text(.id), 1...500))
  private static let segment = ["token": Schema.text(.id)]

  private static func requests(_ call: Call) throws(Refusal) -> [RegistrationRequest] {
    var requests: [RegistrationRequest] = []
    for entry in call.body["entries"]?.array ?? [] {
      var request = RegistrationRequest(tenant: entry["tenant"]?.string ?? "")
      if let description = entry["description"]?.string { request.description = description }
      request.profile = entry["profile"]?.string
      if let isOn = entry["high_assurance"]?.bool { request.allowsHighAssurance = isOn }
      if let isOn = entry["manages_profile"]?.bool { request.managesProfile = isOn }
      if let uses = entry["uses"]?.integer { request.uses = uses }
      let lifetime = entry["lifetime"]?.integer
      if entry["never_expires"]?.bool == true {
        guard lifetime == nil else {
          throw Refusal(.invalidRequest, "An entry has a lifetime and never expires.")
        }
        request.lifetime = .unlimited
      } else if let lifetime {
        request.lifetime = .seconds(lifetime)
      }
      requests.append(request)
    }
    return requests
  }

  private static func text(_ id: String, _ text: String) -> JSON {
    ["id": .string(id), "text": .string(text)]
  }

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/registration-tokens", "listRegistrationTokens",
      "Registration tokens without their secrets, the newest first.",
      query: Endpoint.paging + [
        .init("tenant", .text(.identifier), "Only its."),
        .init("status", .words(RegistrationToken.Status.self), "Only those."),
        .init("q", .text(.words(1...128)), "Part of description, creator, or first characters."),
      ], output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      let filter = RegistrationTokenFilter(
        tenant: call.query["tenant"]?.string,
        status: call.query["status"]?.string.flatMap(RegistrationToken.Status.init),
        text: call.query["q"]?.string ?? "")
      let now = call.plane.now()
      return .page(try await call.plane.registrationTokens(call.caller, filter, call.page)) {
        json($0, now)
      }
    },
    Endpoint(
      .post, "/api/v1/registration-tokens", "createRegistrationTokens",
      "Makes registration tokens, all or none, and says their texts.",
      input: .json(entries, limit: 512 << 10), status: .created,
      output: Endpoint.list(
        of: .object([Schema.required("token", shape), Schema.required("text", .any)])),
      isIdempotent: true
    ) { call throws(Refusal) in
      let made = try await call.plane.createRegistrationTokens(call.caller, requests(call))
      let now = call.plane.now()
      var answer = Answer.items(made) {
        ["token": json($0.token, now), "text": .string($0.text)]
      }
      answer.status = .created
      if made.count == 1, let only = made.first {
        answer.location = "/api/v1/registration-tokens/\(only.token.id)"
      }
      return answer
    },
    Endpoint(
      .post, "/api/v1/registration-tokens/review", "reviewRegistrationTokens",
      "Says what would be made of each entry, and makes nothing.",
      input: .json(entries, limit: 512 << 10),
      output: Endpoint.list(
        of: .object([
          Schema.required("tenant", .any), Schema.required("tenant_name", .nullable(.any)),
          Schema.required("profile_name", .nullable(.any)),
          Schema.required("expires", .nullable(.time)),
          Schema.required("problem", .nullable(Problem.schema), "Why it would not be made."),
        ]))
    ) { call throws(Refusal) in
      .items(try await call.plane.review(call.caller, requests(call))) {
        [
          "tenant": .string($0.request.tenant), "tenant_name": .text($0.tenantName),
          "profile_name": .text($0.profileName), "expires": .number($0.expires),
          "problem": $0.refusal.map { Problem($0).json } ?? .null,
        ]
      }
    },
    Endpoint(
      .post, "/api/v1/registration-tokens/reveal", "revealRegistrationTokens",
      "Says the texts of live ones, to who made them and to the tenant's administrators; audited.",
      input: .json(.object([ids])),
      output: Endpoint.list(
        of: .object([Schema.required("id", .any), Schema.required("text", .any)]))
    ) { call throws(Refusal) in
      .items(try await call.plane.reveal(call.caller, call.texts("ids"))) { text($0.id, $0.text) }
    },
    Endpoint(
      .post, "/api/v1/registration-tokens/revoke", "revokeRegistrationTokens",
      "Makes them good for nothing, from now on.", input: .json(.object([ids])),
      status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.revokeRegistrationTokens(call.caller, call.texts("ids"))
      return .none
    },
    Endpoint(
      .post, "/api/v1/registration-tokens/delete", "deleteRegistrationTokens",
      "Removes them; live ones only by force, and revoked first.",
      input: .json(.object([ids, Schema.optional("force", .boolean)])), status: .noContent,
      output: .none
    ) { call throws(Refusal) in
      try await call.plane.deleteRegistrationTokens(
        call.caller, call.texts("ids"), force: call.flag("force") ?? false)
      return .none
    },
    Endpoint(
      .get, "/api/v1/registration-tokens/{token}", "getRegistrationToken",
      "A registration token, without its secret.", segments: segment, output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(
          try await call.plane.registrationToken(call.caller, call.segment("token")),
          call.plane.now()))
    },
  ]
}
