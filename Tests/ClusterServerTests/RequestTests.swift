import JSON
import NIOHTTP1
import Testing

/// What HTTP has rules for: each refusal with its status, its code, and nothing changed.
@Suite struct RequestTests {
  struct Bad: Sendable, CustomStringConvertible {
    let method: String
    let path: String
    var body: String?
    var type: String?
    let status: Int
    let code: String
    var description: String { "\(method) \(path) \(body?.prefix(40) ?? "")" }
  }

  private static let bad: [Bad] = [
    Bad(method: "GET", path: "/", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/nothing", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/tenants/", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/tenants/%ff", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/tenants/..%2f..%2fetc", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/tenants/x'%20OR%201=1--", status: 404, code: "not_found"),
    Bad(method: "GET", path: "/api/v1/agents/AAAAAAAAAAAAAAAA", status: 404, code: "not_found"),
    Bad(method: "PUT", path: "/api/v1/tenants", status: 405, code: "method_not_allowed"),
    Bad(method: "TRACE", path: "/api/v1/tenants", status: 405, code: "method_not_allowed"),
    Bad(method: "BREW", path: "/healthz", status: 400, code: "invalid_request"),
    Bad(method: "GET", path: "/api/v1/tenants?limit=0", status: 400, code: "invalid_request"),
    Bad(method: "GET", path: "/api/v1/tenants?x=1", status: 400, code: "invalid_request"),
    Bad(
      method: "GET", path: "/api/v1/tenants?after=nonsense", status: 400, code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: "{}", type: "text/plain", status: 415,
      code: "unsupported_media_type"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: "id=a",
      type:
        "application/x-www-form-urlencoded", status: 415, code: "unsupported_media_type"),
    Bad(method: "POST", path: "/api/v1/tenants", body: "", status: 400, code: "invalid_request"),
    Bad(method: "POST", path: "/api/v1/tenants", body: "{", status: 400, code: "invalid_request"),
    Bad(method: "POST", path: "/api/v1/tenants", body: "[]", status: 400, code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: #"{"id":"a","id":"b","name":"x"}"#,
      status: 400, code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: #"{"id":"a","name":"x","admin":true}"#,
      status: 400, code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: #"{"id":"a b","name":"x"}"#, status: 400,
      code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: #"{"id":"a","name":"x\u0000"}"#, status: 400,
      code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants", body: #"{"id":"a","name":1.5}"#, status: 400,
      code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants",
      body: String(repeating: "[", count: 10_000), status: 400, code: "invalid_request"),
    Bad(
      method: "POST", path: "/api/v1/tenants",
      body: #"{"id":"a","name":""# + String(repeating: "x", count: 70_000) + #""}"#, status: 413,
      code: "body_too_large"),
    Bad(
      method: "DELETE", path: "/api/v1/tenants/a", body: "{}", status: 400,
      code: "invalid_request"),
  ]

  @Test func refusesWithProblems() async throws {
    try await LiveServer.run { server in
      let token = try await server.logIn()
      for bad in Self.bad {
        let reply = try await server.ask(
          HTTPMethod(rawValue: bad.method), bad.path, bytes: bad.body.map { Array($0.utf8) },
          token: token, headers: bad.type.map { [("Content-Type", $0)] } ?? [])
        #expect(reply.status == bad.status, "\(bad): \(reply.json)")
        #expect(reply.code == bad.code, "\(bad): \(reply.json)")
        #expect(reply.headers["Content-Type"] == ["application/problem+json"], "\(bad)")
        #expect(reply.json["status"]?.integer == Int64(bad.status), "\(bad)")
        #expect(reply.json["detail"]?.string?.isEmpty == false, "\(bad)")
        #expect((reply.headers.first(name: "Allow") != nil) == (bad.status == 405), "\(bad)")
        #expect(reply.headers["X-Content-Type-Options"] == ["nosniff"], "\(bad)")
      }
      let tenants = try await server.ask(.GET, "/api/v1/tenants", token: token)
      #expect(tenants.json["items"]?.array == [], "nothing was changed")
    }
  }

  @Test func answersHeadLikeGet() async throws {
    try await LiveServer.run { server in
      let get = try await server.ask(.GET, "/healthz")
      let head = try await server.ask(.HEAD, "/healthz")
      #expect(get.status == 200 && head.status == 200)
      #expect(head.bytes.isEmpty && !get.bytes.isEmpty)
      #expect(head.headers["Content-Length"] == get.headers["Content-Length"])
      #expect(try await server.ask(.GET, "/readyz").status == 200)
    }
  }

  @Test func createsAndPages() async throws {
    try await LiveServer.run { server in
      let token = try await server.logIn()
      let made = try await server.ask(
        .POST, "/api/v1/tenants", ["id": "a/b", "name": "A"], token: token)
      #expect(made.status == 201)
      #expect(made.headers["Location"] == ["/api/v1/tenants/a%2Fb"])
      let got = try await server.ask(.GET, "/api/v1/tenants/a%2Fb", token: token)
      #expect(got.json == made.json)
      let again = try await server.ask(
        .POST, "/api/v1/tenants", ["id": "a/b", "name": "B"], token: token)
      #expect(again.status == 409 && again.code == "conflict")
      for number in 1...4 { try await server.tenant("t\(number)", by: token) }
      var seen: [String] = []
      var next: String? = ""
      while let after = next {
        let page = try await server.ask(
          .GET, "/api/v1/tenants?limit=2" + (after.isEmpty ? "" : "&after=\(after)"),
          token: token)
        #expect(page.status == 200)
        seen += page.json["items"]?.array?.compactMap { $0["id"]?.string } ?? []
        next = page.json["next"]?.string
        #expect(seen.count <= 5)
      }
      #expect(seen == ["a/b", "t1", "t2", "t3", "t4"])
    }
  }

  @Test func doesThingsOnceForAKey() async throws {
    try await LiveServer.run { server in
      let token = try await server.logIn()
      let account: JSON = ["kind": "client", "name": "ci", "role": "auditor"]
      let key = [("Idempotency-Key", "4f6c")]
      let first = try await server.ask(
        .POST, "/api/v1/accounts", account, token: token, headers: key)
      let second = try await server.ask(
        .POST, "/api/v1/accounts", account, token: token, headers: key)
      #expect(first.status == 201 && second.status == 201)
      #expect(first.json == second.json, "the secret too")
      #expect(second.headers["Location"] == first.headers["Location"])
      #expect(second.headers["Idempotent-Replayed"] == ["true"])
      let other = try await server.ask(
        .POST, "/api/v1/accounts", ["kind": "client", "name": "cd", "role": "auditor"],
        token: token, headers: key)
      #expect(other.status == 422 && other.code == "idempotency_key_reused")
      // What was refused may be tried again with the same key.
      let retry = [("Idempotency-Key", "4f6d")]
      let refused = try await server.ask(
        .POST, "/api/v1/accounts", account, token: token, headers: retry)
      #expect(refused.status == 409)
      let taken = try await server.ask(
        .POST, "/api/v1/accounts", ["kind": "client", "name": "cd", "role": "auditor"],
        token: token, headers: retry)
      #expect(taken.status == 201)
      // Another account's keys are its own.
      let name = try #require(first.json["account"]?["name"]?.string)
      #expect(name == "ci")
    }
  }
}
