internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import Hummingbird
internal import JSON

/// A request that may carry an `Idempotency-Key`: asked again, it is answered as the first time, and
/// nothing is done again (draft-ietf-httpapi-idempotency-key-header).
struct IdempotentRequest: Sendable {
  private let key: String?
  private let account: String
  private let request: String
  private let isKeyFit: Bool

  init(_ request: Request, _ endpoint: Endpoint, _ call: Call) {
    let sent = endpoint.isIdempotent ? request.headers[Headers.idempotencyKey] : nil
    key = sent
    isKeyFit =
      sent.map {
        (1...255).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      }
      ?? true
    let account = try? call.caller.account
    self.account = account?.id ?? ""
    // An answer is for who asked: not for what that account was made since.
    let who = [account?.role.rawValue ?? ""] + (account?.tenants ?? ["*"])
    self.request = call.plane.secrets.mark(
      of: Array(
        "\(request.method.rawValue) \(request.head.path ?? "")\n\(who)\n".utf8) + call.bytes)
  }

  func answer(_ handler: Endpoint.Handler, _ call: Call) async throws(Refusal) -> Answer {
    guard let key else { return try await handler(call) }
    guard isKeyFit else {
      throw Refusal(
        .invalidRequest, "An Idempotency-Key has 1 to 255 printable characters of ASCII.")
    }
    let store = call.plane.store
    switch try await store.begin(
      idempotencyKey: key, account: account, request: request, now: call.plane.now())
    {
    case .new: break
    case .done(let status, let sealed): return try replay(status, sealed, call)
    case .underWay:
      throw Refusal(
        .keyUnderWay, "The first request with this Idempotency-Key is still being answered.",
        hint: "Wait, then ask again with the same key.")
    case .different:
      throw Refusal(
        .keyReused, "This Idempotency-Key was used for another request.",
        hint: "Use a new key for every request that is not a repetition.")
    }
    let answer: Answer
    do throws(Refusal) {
      answer = try await handler(call)
    } catch {
      try? await store.abandon(idempotencyKey: key, account: account)
      throw error
    }
    // Answers may hold secrets: kept sealed, like those.
    let kept: JSON = [
      "location": answer.location.map { .string($0) } ?? .null, "body": answer.json ?? .null,
    ]
    try await store.finish(
      idempotencyKey: key, account: account, status: answer.status.code,
      body: call.plane.secrets.seal(kept.encodedBytes()))
    return answer
  }

  private func replay(_ status: Int, _ sealed: [UInt8], _ call: Call) throws(Refusal) -> Answer {
    guard let bytes = call.plane.secrets.open(sealed),
      let kept = try? JSON.parse(bytes, limits: .init(maxBytes: 16 << 20, maxMembers: 1 << 16)),
      let body = kept["body"]
    else { throw Refusal(.storeFailed, "The answer to that request cannot be read any more.") }
    var answer = Answer(
      status: HTTPResponse.Status(code: status), body: body.isNull ? .none : .json(body),
      location: kept["location"]?.string)
    answer.headers = [(Headers.idempotencyReplayed, "true")]
    return answer
  }
}
