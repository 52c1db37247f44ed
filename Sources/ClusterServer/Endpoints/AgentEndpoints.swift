internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum AgentEndpoints {
  private static let properties: [Schema.Property] = [
    Schema.required("id", .any), Schema.required("tenant", .any),
    Schema.required("agent", .any, "Its id in tokens."), Schema.required("hostname", .any),
    Schema.required("state", .words(AgentRecord.State.self)),
    Schema.required("connected", .boolean),
    Schema.required("clone_of", .nullable(.any), "The agent that this one is a copy of."),
    Schema.required("enrolled_at", .time), Schema.required("owner", .any),
    Schema.required("owner_name", .any), Schema.required("registration_token", .any),
    Schema.required("high_assurance", .boolean),
    Schema.required("own_profile", .nullable(.any), "Ahead of what is assigned."),
    Schema.required("labels", .map(.labelName, .text(.labelValue), most: 64)),
    Schema.required("certificate_expires", .time),
    Schema.required("last_seen", .nullable(.time)),
    Schema.required("protection", .nullable(.any), "As it last said: protected, unprotected, …"),
    Schema.required("version", .nullable(.any)), Schema.required("clock", .nullable(.any)),
    Schema.required("bundle", .nullable(.count), "The trust bundle that it has."),
    Schema.required("revocations", .nullable(.count)),
    Schema.required("profile_version", .nullable(.count), "The signed profile that it runs."),
    Schema.required("profile_sent", .nullable(.count), "The one that was last signed for it."),
    Schema.required("profile_source", .nullable(.any), "Which profile that is, ID@VERSION."),
    Schema.required("ledger_records", .count, "What is kept here of its ledger."),
  ]

  static let shape = Schema.named("Agent", .object(properties))
  private static let details = Schema.named(
    "AgentDetails",
    .object(
      properties + [
        Schema.required("reported_at", .nullable(.time)),
        Schema.required("status", .nullable(.anyObject), "Its holdfastd's reply to `status`."),
        Schema.required("doctor", .nullable(.anyObject), "Its reply to `doctor`."),
      ]))

  static func json(_ entry: AgentEntry) -> JSON { .object(members(entry)) }

  private static func whole(_ entry: AgentEntry) -> JSON {
    let report = entry.record.report
    return .object(
      members(entry) + [
        .init(name: "reported_at", value: .number(report?.at)),
        .init(name: "status", value: .kept(report?.status)),
        .init(name: "doctor", value: .kept(report?.doctor)),
      ])
  }

  private static func members(_ entry: AgentEntry) -> [JSON.Member] {
    let agent = entry.record
    let report = agent.report
    let labels = agent.labels.sorted { $0.key < $1.key }
      .map { JSON.Member(name: $0.key, value: .string($0.value)) }
    let sent = agent.profile.version > 0 ? agent.profile : nil
    return [
      .init(name: "id", value: .string(agent.id)),
      .init(name: "tenant", value: .string(agent.tenant)),
      .init(name: "agent", value: .string(agent.agent)),
      .init(name: "hostname", value: .string(agent.hostname)),
      .init(name: "state", value: .string(agent.state.rawValue)),
      .init(name: "connected", value: .bool(entry.isConnected)),
      .init(name: "clone_of", value: .text(agent.cloneOf)),
      .init(name: "enrolled_at", value: .integer(agent.enrolledAt)),
      .init(name: "owner", value: .string(agent.owner)),
      .init(name: "owner_name", value: .string(agent.ownerName)),
      .init(name: "registration_token", value: .string(agent.registrationToken)),
      .init(name: "high_assurance", value: .bool(agent.allowsHighAssurance)),
      .init(name: "own_profile", value: .text(agent.ownProfile)),
      .init(name: "labels", value: .object(labels)),
      .init(name: "certificate_expires", value: .integer(agent.certificateExpires)),
      .init(name: "last_seen", value: .number(agent.lastSeen)),
      .init(name: "protection", value: .text(report?.protection)),
      .init(name: "version", value: .text(report?.version)),
      .init(name: "clock", value: .text(report?.clock)),
      .init(name: "bundle", value: .number(report?.bundleSequence)),
      .init(name: "revocations", value: .number(report?.revocationsSequence)),
      .init(name: "profile_version", value: .number(report?.profileVersion)),
      .init(name: "profile_sent", value: .number(sent?.version)),
      .init(name: "profile_source", value: .text(sent?.source)),
      .init(name: "ledger_records", value: .integer(agent.ledger.size)),
    ]
  }

  private static let protecting = Schema.object([
    Schema.required("agent", .any),
    Schema.required(
      "connected", .nullable(.boolean),
      "Whether it was told; else it protects itself when it connects. Null: there is none."),
  ])

  private static func json(_ outcome: ProtectOutcome) -> JSON {
    ["agent": .string(outcome.agent), "connected": outcome.isConnected.map { .bool($0) } ?? .null]
  }

  private static let segment = ["agent": Schema.text(.id)]
  private static let labels = Schema.map(.labelName, .text(.labelValue), most: Labels.most)

  private static func texts(_ map: JSON?) -> [String: String]? {
    map?.members.map { members in
      Dictionary(
        members.map { ($0.name, $0.value.string ?? "") }, uniquingKeysWith: { first, _ in first })
    }
  }

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/agents", "listAgents",
      "Agents, by tenant and id. A page may have fewer than it could although there are more.",
      query: Endpoint.paging + [
        .init("tenant", .text(.identifier), "Only its."),
        .init("state", .words(AgentRecord.State.self), "Only those."),
        .init("protection", .text(.id), "As they last said: protected, unprotected, …"),
        .init("label", .text(.label), "NAME=VALUE."),
        .init("connected", .boolean, "Only those that are, or are not."),
        .init("q", .text(.words(1...128)), "Part of id or host name."),
      ], output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      let filter = AgentFilter(
        tenant: call.query["tenant"]?.string,
        state: call.query["state"]?.string.flatMap(AgentRecord.State.init),
        protection: call.query["protection"]?.string, label: call.query["label"]?.string,
        text: call.query["q"]?.string ?? "")
      return .page(
        try await call.plane.agents(
          call.caller, filter, isConnected: call.query["connected"]?.bool, call.page), json)
    },
    Endpoint(
      .post, "/api/v1/agents/protect", "protectAgents",
      "Has agents end what is unprotected on them, now.",
      input: .json(
        .object([Schema.required("agents", .array(.text(.id), 1...500))])),
      output: Endpoint.list(of: protecting)
    ) { call throws(Refusal) in
      .items(try await call.plane.protectAgents(call.caller, call.texts("agents")), json)
    },
    Endpoint(
      .get, "/api/v1/agents/{agent}", "getAgent", "An agent, with what it last said of itself.",
      segments: segment, output: .json(details)
    ) { call throws(Refusal) in
      .ok(whole(try await call.plane.agent(call.caller, call.segment("agent"))))
    },
    Endpoint(
      .put, "/api/v1/agents/{agent}/labels", "setLabels", "Puts labels in place of those it has.",
      segments: segment,
      input: .json(
        .object([
          Schema.required("labels", labels),
          Schema.optional("following", labels, "Those that were seen; refused if they changed."),
        ])), output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(
          try await call.plane.setLabels(
            call.caller, agent: call.segment("agent"), texts(call.body["labels"]) ?? [:],
            following: texts(call.body["following"]))))
    },
    Endpoint(
      .put, "/api/v1/agents/{agent}/profile", "applyProfile",
      "Applies a profile to this agent alone, ahead of what is assigned; null ends that.",
      segments: segment,
      input: .json(.object([Schema.required("profile", .nullable(.text(.id)))])),
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(
          try await call.plane.applyProfile(
            call.caller, agent: call.segment("agent"), profile: call.text("profile"))))
    },
    Endpoint(
      .post, "/api/v1/agents/{agent}/retire", "retireAgent",
      "Takes an agent out of service: its certificate is good for nothing from then on.",
      segments: segment, output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.retireAgent(call.caller, call.segment("agent"))))
    },
    Endpoint(
      .post, "/api/v1/agents/{agent}/protect", "protectAgent",
      "Has an agent end what is unprotected on it, now.", segments: segment,
      output: .json(protecting)
    ) { call throws(Refusal) in
      let outcomes = try await call.plane.protectAgents(call.caller, [call.segment("agent")])
      guard let outcome = outcomes.first, outcome.isConnected != nil else {
        throw .missing("agent", call.segment("agent"))
      }
      return .ok(json(outcome))
    },
    Endpoint(
      .get, "/api/v1/agents/{agent}/ledger", "readLedger",
      "Records of an agent's ledger, exactly as it wrote them, in order.", segments: segment,
      query: [
        .init("since", .count, "From this record on."),
        .init("limit", .integer(1...Int64(PageRequest.largest)), "At most so many."),
      ],
      output: .json(
        .object([
          Schema.required(
            "items",
            .array(
              .object([
                Schema.required("seq", .count), Schema.required("time", .count),
                Schema.required("event", .any), Schema.required("record", .any, "One line."),
              ]), 0...PageRequest.largest)),
          Schema.required("next", .nullable(.count), "Ask for more with `since`; null at the end."),
        ]))
    ) { call throws(Refusal) in
      let lines = try await call.plane.ledger(
        call.caller, agent: call.segment("agent"), since: call.query["since"]?.integer ?? 0,
        limit: call.page.limit)
      let items = lines.map { line -> JSON in
        [
          "seq": .integer(line.sequence), "time": .integer(line.time),
          "event": .string(line.event), "record": .string(line.text),
        ]
      }
      let next = lines.count == call.page.limit ? lines.last.map { $0.sequence + 1 } : nil
      return .ok(["items": .array(items), "next": .number(next)])
    },
  ]
}
