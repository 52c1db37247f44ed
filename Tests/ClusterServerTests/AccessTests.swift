import Cluster
import JSON
import NIOHTTP1
import Testing

/// Who is let in, and what they see.
@Suite struct AccessTests {
  @Test func wantsAnAccessToken() async throws {
    try await LiveServer.run { server in
      for headers in [
        [], [("Authorization", "Bearer")], [("Authorization", "Bearer x")],
        [("Authorization", "Basic YWRtaW46eA==")],
        [("Authorization", "Bearer " + String(repeating: "A", count: 43))],
      ] {
        let reply = try await server.ask(.GET, "/api/v1/tenants", headers: headers)
        #expect(reply.status == 401 && reply.code == "unauthenticated", "\(headers)")
        #expect(reply.headers["WWW-Authenticate"] == ["Bearer realm=\"holdfast\""])
      }
      let wrong = try await server.ask(
        .POST, "/api/v1/sessions", ["name": "admin", "password": "not the password"])
      let nobody = try await server.ask(
        .POST, "/api/v1/sessions", ["name": "nobody", "password": "not the password"])
      #expect(wrong.status == 401 && wrong.code == "login_failed")
      #expect(wrong.bytes == nobody.bytes, "nothing says which names there are")

      let token = try await server.logIn()
      let me = try await server.ask(.GET, "/api/v1/me", token: token)
      #expect(me.json["account"]?["role"]?.string == "site-admin")
      #expect(me.json["permissions"]?.array?.contains("administerServer") == true)
      #expect(try await server.ask(.DELETE, "/api/v1/sessions/current", token: token).status == 204)
      #expect(try await server.ask(.GET, "/api/v1/me", token: token).status == 401)
    }
  }

  @Test func grantsTokensToClients() async throws {
    try await LiveServer.run { server in
      let admin = try await server.logIn()
      let token = try await server.client(.auditor, by: admin)
      #expect(try await server.ask(.GET, "/api/v1/audit", token: token).status == 200)
      let form = [("Content-Type", "application/x-www-form-urlencoded")]
      for (body, headers, status, error) in [
        ("grant_type=client_credentials", form, 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=x&client_secret=y", form, 401, "invalid_client"),
        ("grant_type=password&client_id=x&client_secret=y", form, 400, "unsupported_grant_type"),
        ("client_id=x&client_secret=y", form, 400, "invalid_request"),
        (
          "grant_type=client_credentials&grant_type=client_credentials", form, 400,
          "invalid_request"
        ),
        (
          "grant_type=client_credentials&client_secret=y",
          form + [("Authorization", "Basic eDp5")], 400, "invalid_request"
        ),
        (
          "grant_type=client_credentials", form + [("Authorization", "Basic eDp5")], 401,
          "invalid_client"
        ),
      ] {
        let reply = try await server.ask(
          .POST, "/oauth/token", bytes: Array(body.utf8), headers: headers)
        #expect(reply.status == status, "\(body): \(reply.json)")
        #expect(reply.json["error"]?.string == error, "\(body): \(reply.json)")
        #expect((reply.headers.first(name: "WWW-Authenticate") != nil) == (status == 401))
        #expect(reply.headers["Cache-Control"] == ["no-store"])
      }
    }
  }

  @Test func hidesWhatIsNotOnesOwn() async throws {
    try await LiveServer.run { server in
      let admin = try await server.logIn()
      try await server.tenant("red", by: admin)
      try await server.tenant("blue", by: admin)
      let made = try await server.ask(
        .POST, "/api/v1/registration-tokens",
        ["entries": [["tenant": "blue", "description": "for blue"]]], token: admin)
      #expect(made.status == 201, "\(made.json)")
      let id = try #require(made.json["items"]?.array?.first?["token"]?["id"]?.string)
      let installer = try await server.client(.agentInstaller, tenants: ["red"], by: admin)

      let tenants = try await server.ask(.GET, "/api/v1/tenants", token: installer)
      #expect(tenants.json["items"]?.array?.compactMap { $0["id"]?.string } == ["red"])
      // What is another's and what there is not are told apart by nobody.
      for (there, not) in [
        ("/api/v1/tenants/blue", "/api/v1/tenants/none"),
        ("/api/v1/registration-tokens/\(id)", "/api/v1/registration-tokens/AAAAAAAAAAAAAAAA"),
      ] {
        let first = try await server.ask(.GET, there, token: installer)
        let second = try await server.ask(.GET, not, token: installer)
        #expect(first.status == 404 && second.status == 404)
        #expect(first.code == second.code)
      }
      for (method, path, body) in [
        (HTTPMethod.POST, "/api/v1/tenants", ["id": "green", "name": "x"] as JSON?),
        (.GET, "/api/v1/audit", nil), (.GET, "/metrics", nil), (.GET, "/api/v1/accounts", nil),
        (.POST, "/api/v1/trust", ["bundle": "x"]),
      ] {
        let reply = try await server.ask(method, path, body, token: installer)
        #expect(reply.status == 403 && reply.code == "forbidden", "\(path): \(reply.json)")
      }
      let reveal = try await server.ask(
        .POST, "/api/v1/registration-tokens/reveal", ["ids": [.string(id)]], token: installer)
      #expect(reveal.status == 404)
      let lists = try await server.ask(.GET, "/api/v1/registration-tokens", token: admin)
      let text = try #require(made.json["items"]?.array?.first?["text"]?.string)
      #expect(!String(decoding: lists.bytes, as: UTF8.self).contains(text.prefix(20)))
    }
  }

  @Test func slowsAFloodOfLogins() async throws {
    try await LiveServer.run { server in
      let token = try await server.logIn()
      var statuses: [Int] = []
      for _ in 0..<14 {
        let reply = try await server.ask(
          .POST, "/api/v1/sessions", ["name": "", "password": "x"])
        statuses.append(reply.status)
        if reply.status == 429 {
          let wait = try #require(reply.headers.first(name: "Retry-After").flatMap { Int($0) })
          #expect(wait > 0 && reply.code == "too_many_requests")
        }
      }
      #expect(statuses.contains(429), "\(statuses)")
      #expect(try await server.ask(.GET, "/api/v1/me", token: token).status == 200, "others go on")
    }
  }

  @Test func showsFiguresToAuditors() async throws {
    try await LiveServer.run { server in
      #expect(try await server.ask(.GET, "/metrics").status == 401)
      let admin = try await server.logIn()
      let reply = try await server.ask(
        .GET, "/metrics", token: try await server.client(.auditor, by: admin))
      let text = String(decoding: reply.bytes, as: UTF8.self)
      #expect(reply.status == 200 && text.hasSuffix("# EOF\n"))
      #expect(text.contains("holdfast_requests_count{endpoint=\"logIn\",status=\"201\"} 1\n"))
      #expect(text.contains("holdfast_connections "))
      #expect(text.contains("process_resident_memory_bytes "))
    }
  }
}
