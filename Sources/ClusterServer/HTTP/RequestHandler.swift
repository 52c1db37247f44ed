internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import LinkMessages
internal import Linux
internal import Logging
internal import NIOCore
internal import NIOSSL

/// Takes a request through its steps: which endpoint, who asks, what with; then the answer, the log and
/// the figures.
struct RequestHandler: Sendable {
  let plane: ControlPlane
  let state: ServerState
  let table: RoutingTable
  let logger: Logger

  func handle(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    let started = Clock.monotonicMicroseconds()
    let source = Source.text(channel.remoteAddress)
    // In a task of its own: what that needs of a stack it gives back when it ends, and this task may
    // go on for as long as an agent is connected.
    let (response, record) = await Task { () async -> (Response, RequestRecord) in
      var record = RequestRecord(request, source: source)
      let response = await self.response(to: request, channel, &record)
      return (response, record)
    }.value
    let microseconds = Clock.monotonicMicroseconds() &- started
    state.metrics.count(
      record.endpoint, status: response.status.code, microseconds: microseconds)
    record.log(response.status.code, microseconds: microseconds, to: logger)
    try await writer.write(response: response.head, body: response.body)
  }

  private func response(
    to request: Request, _ channel: any Channel, _ record: inout RequestRecord
  ) async -> Response {
    let path = (request.head.path ?? "").prefix { $0 != "?" }
    switch table.match(request.method, path: path) {
    case .nothing:
      return refusal(
        Refusal(
          .notFound, "There is nothing at that path.",
          hint: "What there is: GET /openapi.json"), style: .problem, request)
    case .otherMethods(let methods):
      let names = Set(methods.map(\.rawValue)).sorted().joined(separator: ", ")
      var response = refusal(
        Refusal(.methodNotAllowed, "This path takes \(names)."), style: .problem, request)
      response.headers[.allow] = names
      return response
    case .endpoint(let endpoint, let segments):
      record.endpoint = endpoint.id
      record.isRoutine = endpoint.who == .agent || endpoint.isProbe
      do throws(Refusal) {
        return try await answer(endpoint, segments, request, channel, &record)
      } catch {
        record.code = error.code.rawValue
        if error.code == .loginFailed { state.metrics.count(.loginsFailed) }
        return refusal(error, style: endpoint.style, request)
      }
    }
  }

  // MARK: The steps

  private func answer(
    _ endpoint: Endpoint, _ segments: [String: String], _ request: Request,
    _ channel: any Channel, _ record: inout RequestRecord
  ) async throws(Refusal) -> Response {
    try state.requireRoom()
    if let pace = endpoint.pace, endpoint.who != .agent,
      let wait = state.paces.take(pace, Source.key(channel.remoteAddress))
    {
      return tooMany(endpoint, wait, request, &record)
    }
    // Whoever trickles a body keeps no place from others until it has come, and has no more of them than
    // connections. Agents, whose bodies are long, come one after the other.
    var hasPlace = false
    defer { if hasPlace { state.end() } }
    let authorization = request.headers[.authorization]
    var caller: Caller?
    var agent: AgentRecord?
    var accessToken = ""
    switch endpoint.who {
    case .anyone: break
    case .account:
      accessToken = try Self.bearer(authorization)
      caller = try await plane.caller(accessToken: accessToken, source: record.source)
      record.who = caller?.account.name ?? ""
    case .agent:
      try state.begin()
      hasPlace = true
      agent = try await self.agent(channel, request)
      record.who = agent.map { "\($0.tenant)/\($0.agent)" } ?? ""
    }
    for (name, schema) in endpoint.segments {
      // What no id looks like is the id of nothing.
      guard (try? schema.check(.string(segments[name] ?? ""), at: "path")) != nil else {
        throw Refusal(.notFound, "There is nothing of that name.")
      }
    }
    let query = try QueryReader.read(request.head.path ?? "", endpoint.query)
    let (body, bytes) = try await BodyReader.read(request, endpoint.input)
    if !hasPlace { try state.begin() }
    hasPlace = true
    // Thousands of agents may come from one address; copies of one have its key and its allowance.
    if let pace = endpoint.pace, let agent,
      let wait = state.paces.take(pace, agent.cloneOf ?? agent.id, cost: pace.cost(of: bytes))
    {
      return tooMany(endpoint, wait, request, &record)
    }
    let call = Call(
      plane: plane, server: state, isHead: request.method == .head, source: record.source,
      channel: channel, path: segments,
      query: query, body: body, bytes: bytes, authorization: authorization,
      accessToken: accessToken, caller: caller, agent: agent)
    let replay = IdempotentRequest(request, endpoint, call)
    return response(try await replay.answer(endpoint.handler, call), request)
  }

  private func tooMany(
    _ endpoint: Endpoint, _ wait: Int64, _ request: Request, _ record: inout RequestRecord
  ) -> Response {
    record.code = Refusal.Code.tooMany.rawValue
    return refusal(
      Refusal(
        .tooMany,
        "There were too many of these from \(record.who.isEmpty ? record.source : record.who).",
        hint: "Wait \(wait) s, then try again."), retryAfter: wait, style: endpoint.style, request)
  }

  private static func bearer(_ authorization: String?) throws(Refusal) -> String {
    guard let authorization else {
      throw Refusal(
        .unauthenticated, "An access token is missing.",
        hint: "Send Authorization: Bearer TOKEN; get one at /api/v1/sessions or /oauth/token.")
    }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      (16...512).contains(parts[1].utf8.count)
    else { throw Refusal(.unauthenticated, "The Authorization header holds no access token.") }
    return String(parts[1])
  }

  /// The agent whose certificate TLS has checked: that it leads to the cluster's authority, that it is
  /// good now, and that its key is at the other end.
  private func agent(
    _ channel: any Channel, _ request: Request
  ) async throws(Refusal) -> AgentRecord {
    let certificate = try? await channel.nioSSL_peerCertificate().get()
    guard let der = try? certificate?.toDERBytes() else {
      throw Refusal(
        .certificateRequired, "Only an agent with its certificate may ask for this.",
        hint: "Enrol the host: holdfast enroll --cluster URL --token -")
    }
    guard let presented = CertificateAuthority.presented(der) else {
      throw Refusal(.agentUnknown, "The certificate is not that of an agent.")
    }
    guard let machine = request.headers[Headers.machine] else {
      throw Refusal(.invalidRequest, "The header \(LinkPath.machineHeader) is missing.")
    }
    return try await plane.agent(certificate: presented, machine: machine)
  }

  // MARK: The answer

  private func response(_ answer: Answer, _ request: Request) -> Response {
    var headers = Headers.common
    for (name, value) in answer.headers { headers[name] = value }
    if let location = answer.location { headers[.location] = location }
    switch answer.body {
    case .none: return Response(status: answer.status, headers: headers)
    case .json(let json):
      return response(
        answer.status, headers, json.encodedBytes(), type: "application/json", request)
    case .bytes(let bytes, let type):
      return response(answer.status, headers, bytes, type: type, request)
    case .stream(let type, let body):
      headers[.contentType] = type
      return Response(
        status: answer.status, headers: headers, body: request.method == .head ? .init() : body)
    }
  }

  private func response(
    _ status: HTTPResponse.Status, _ headers: HTTPFields, _ bytes: [UInt8], type: String,
    _ request: Request
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    headers[.contentLength] = String(bytes.count)
    var response = Response(status: status, headers: headers)
    // Setting a body sets its length: that of HEAD is the length there would be.
    if request.method != .head {
      response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    }
    response.headers[.contentLength] = String(bytes.count)
    return response
  }

  private func refusal(
    _ refusal: Refusal, retryAfter: Int64? = nil, style: Endpoint.Style, _ request: Request
  ) -> Response {
    var headers = Headers.common
    let problem = Problem(refusal)
    if let retryAfter { headers[.retryAfter] = String(retryAfter) }
    if headers[.retryAfter] == nil, problem.status == .tooManyRequests || refusal.code == .busy {
      headers[.retryAfter] = "1"
    }
    if problem.status == .unauthorized {
      headers[.wwwAuthenticate] = style.challenge(refusal.code)
    }
    let (status, body, type) =
      style == .problem
      ? (problem.status, problem.json, Problem.type) : OAuthError.answer(refusal)
    return response(status, headers, body.encodedBytes(), type: type, request)
  }
}
