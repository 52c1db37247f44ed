internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import LinkMessages
internal import NIOCore

/// What hosts' links ask for (`LinkPath`).
enum LinkEndpoints {
  /// As much as a signing request may have.
  private static let text = Schema.text(.secret(1...16 << 10))
  private static let done = Endpoint.Output.json(.object([]))

  static let all: [Endpoint] = [
    Endpoint(
      .get, LinkPath.authority, "linkAuthority",
      "The certificate that all others here lead to, as PEM; for whoever has its fingerprint.",
      who: .anyone, output: .bytes(type: "application/pem-certificate-chain")
    ) { call in
      Answer(
        status: .ok,
        body: .bytes(
          Array(call.plane.authority.pem.utf8), type: "application/pem-certificate-chain"))
    },
    Endpoint(
      .post, LinkPath.enroll, "linkEnroll", "Enrols a host with a registration token.",
      who: .anyone,
      input: .json(
        .object([
          Schema.required("token", .text(.secret(1...256))), Schema.required("csr", text),
          Schema.required("agent", .text(.identifier)),
          Schema.required("hostname", .text(.words(1...255))),
          Schema.required("machine", .text(.machine)),
          Schema.required("version", .text(.words(1...64))),
        ]), limit: LinkLimits.enrolment),
      output: .json(
        .object([
          Schema.required("cluster", .any), Schema.required("tenant", .any),
          Schema.required("agent", .any), Schema.required("certificate", .any),
          Schema.required("authority", .any), Schema.required("root", .anyObject),
          Schema.required("bundle", .any),
        ])), pace: .enrolment
    ) { call throws(Refusal) in
      guard let request = EnrolmentRequest(call.body) else {
        throw Refusal(.invalidRequest, "That is no request to enrol.")
      }
      let reply = try await call.plane.enrol(request, source: call.source)
      call.server.metrics.count(.enrolments)
      return .ok(reply.json)
    },
    Endpoint(
      .get, LinkPath.stream, "linkStream",
      "A response without end: what the cluster has to say to this agent, one line each.",
      who: .agent, output: .bytes(type: BodyReader.lines)
    ) { call throws(Refusal) in
      guard !call.server.isStopping else { throw Refusal(.busy, "The server is stopping.") }
      guard !call.isHead else {
        return Answer(status: .ok, body: .bytes([], type: BodyReader.lines))
      }
      let plane = call.plane
      let link = try await plane.connect(call.agent)
      // However it ends: also where nobody is left to write to.
      call.channel.closeFuture.whenComplete { _ in plane.disconnect(link) }
      let body = ResponseBody { writer in
        while let bytes = await link.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
        try await writer.finish(nil)
      }
      var answer = Answer(status: .ok, body: .stream(type: BodyReader.lines, body))
      answer.headers = [(.connection, "close")]
      return answer
    },
    Endpoint(
      .post, LinkPath.report, "linkReport", "How things stand on this agent.", who: .agent,
      input: .json(.anyObject, limit: LinkLimits.report), output: done, pace: .report
    ) { call throws(Refusal) in
      guard let report = Report(call.body) else {
        throw Refusal(.invalidRequest, "That is no report.")
      }
      try await call.plane.take(report: report, from: call.agent)
      return .ok(.object([]))
    },
    Endpoint(
      .post, LinkPath.ledger, "linkLedger", "Records of this agent's ledger, as they are in it.",
      who: .agent, input: .lines(limit: LinkLimits.ledger),
      output: .json(
        .object([Schema.required("acknowledged", .count, "All below is kept: go on there.")])),
      pace: .ledger
    ) { call throws(Refusal) in
      let agent = try call.agent
      let acknowledged = try await call.plane.take(ledger: call.bytes, from: agent)
      call.server.metrics.count(
        .ledgerRecords, by: Int(max(0, acknowledged - 1 - agent.ledger.size)))
      return .ok(["acknowledged": .integer(acknowledged)])
    },
    Endpoint(
      .post, LinkPath.renew, "linkRenew", "Another certificate for the key that this agent has.",
      who: .agent, input: .json(.object([Schema.required("csr", text)])),
      output: .json(.object([Schema.required("certificate", .any)])), pace: .report
    ) { call throws(Refusal) in
      .ok([
        "certificate": .string(
          try await call.plane.renew(
            call.agent, csr: call.text("csr") ?? "", source: call.source))
      ])
    },
    Endpoint(
      .post, LinkPath.bundle, "linkBundle", "A trust bundle that is newer than the cluster's.",
      who: .agent,
      input: .json(
        .object([Schema.required("jws", .text(.secret(1...LinkLimits.line)))]),
        limit: 512 << 10), output: done, pace: .report
    ) { call throws(Refusal) in
      try await call.plane.take(bundle: call.text("jws") ?? "", from: call.agent)
      return .ok(.object([]))
    },
  ]
}
