import AsyncHTTPClient
import Cluster
import JSON
import LinkMessages
import Linux
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import ClusterServer

/// What a connection may do: TLS, sizes, times, numbers.
@Suite struct ConnectionTests {
  /// What openssl(1) says of a connection, whose input is `input`.
  private static func openssl(_ arguments: String, to port: Int, input: String = "") async -> String
  {
    await Shell.run(
      "printf '\(input)' | timeout 10 openssl s_client -connect localhost:\(port) \(arguments) 2>&1"
    )
  }

  @Test func speaksTLS13Only() async throws {
    try await LiveServer.run { server in
      let new = await Self.openssl("-tls1_3 -brief", to: server.port)
      #expect(new.contains("TLSv1.3"), "\(new)")
      let old = await Self.openssl("-tls1_2 -brief", to: server.port)
      #expect(old.contains("alert protocol version"), "\(old)")
    }
  }

  @Test func takesOnlyItsOwnCertificates() async throws {
    try await LiveServer.run { server in
      // Another cluster's agent.
      let (other, _) = try CertificateAuthority.make(cluster: "test")
      let stranger = try await Enrolled.certificate(other, cluster: "test")
      let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: try LiveServer.trusting(server.plane.authority.pem, certificate: stranger))
      await #expect(throws: (any Error).self) {
        _ = try await server.ask(.GET, "/healthz", by: client)
      }
      try await client.shutdown()
      // One of this cluster, of an agent that was never enrolled.
      let ours = try await Enrolled.certificate(server.plane.authority, cluster: "test")
      let unknown = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: try LiveServer.trusting(server.plane.authority.pem, certificate: ours))
      let machine = [("Holdfast-Machine", String(repeating: "a", count: 64))]
      let reply = try await server.ask(
        .POST, "/link/v1/report", .object([]), headers: machine, by: unknown)
      #expect(reply.status == 403 && reply.code == "agent_unknown", "\(reply.json)")
      let bare = try await server.ask(.POST, "/link/v1/report", .object([]), by: unknown)
      #expect(bare.status == 400 && bare.code == "invalid_request")
      try await unknown.shutdown()
      let none = try await server.ask(.POST, "/link/v1/report", .object([]), headers: machine)
      #expect(none.status == 401 && none.code == "certificate_required")
    }
  }

  @Test func limitsHeaders() async throws {
    try await LiveServer.run { server in
      let reply = try await server.ask(
        .GET, "/healthz", headers: [("X-Long", String(repeating: "x", count: 40_000))])
      #expect(reply.status == 431 && reply.code == "headers_too_large")
      let many = try await server.ask(
        .GET, "/healthz", headers: (0..<100).map { ("X-\($0)", "x") })
      #expect(many.status == 431)
      let nonsense = await Self.openssl(
        "-quiet", to: server.port, input: "NONSENSE\\r\\n\\r\\n")
      #expect(nonsense.contains("400 Bad Request"), "\(nonsense)")
    }
  }

  @Test func limitsTimes() async throws {
    var limits = ServerLimits()
    limits.firstRequest = 1
    limits.body = 1
    try await LiveServer.run(limits: limits) { server in
      // Connected, and nothing said: closed.
      let silent = await Shell.run(
        "exec 3<>/dev/tcp/127.0.0.1/\(server.port); timeout 10 cat <&3; echo status=$?")
      #expect(silent.contains("status=0"), "\(silent)")
      let halfway = await Shell.run(
        "(printf 'GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n'; sleep 8) | "
          + "timeout 10 openssl s_client -quiet -connect localhost:\(server.port) 2>&1; echo end")
      #expect(!halfway.contains("200 OK"))
      let body = await Shell.run(
        "(printf 'POST /oauth/token HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 9\\r\\n"
          + "Content-Type: application/x-www-form-urlencoded\\r\\n\\r\\ngrant'; sleep 4) | "
          + "timeout 10 openssl s_client -quiet -connect localhost:\(server.port) 2>&1")
      #expect(body.contains("408 Request Timeout") && body.contains("request_timeout"), "\(body)")
      let other = try await server.ask(.GET, "/healthz")
      #expect(other.status == 200, "others are served")
    }
  }

  @Test func limitsConnectionsOfOneSource() async throws {
    var limits = ServerLimits()
    limits.perSource = 3
    limits.firstRequest = 300
    try await LiveServer.run(limits: limits) { server in
      let count = await Shell.run(
        "for n in 1 2 3 4 5 6; do eval \"exec $((n + 3))<>/dev/tcp/127.0.0.1/\(server.port)\"; done; "
          + "for turn in $(seq 20); do open=0; for n in 1 2 3 4 5 6; do "
          + "read -t 0.2 -u $((n + 3)); [ $? -gt 128 ] && open=$((open + 1)); done; "
          + "[ $open -gt 3 ] || break; done; echo open=$open")
      #expect(count.contains("open=3"), "\(count)")
      let other = try await server.ask(.GET, "/healthz")
      #expect(other.status == 200, "there is room again")
    }
  }

  @Test func answersBeforeAnEndlessBodyEnds() async throws {
    try await LiveServer.run { server in
      let reply = await Shell.run(
        "(printf 'POST /api/v1/sessions HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n"
          + "Content-Type: application/json\\r\\n\\r\\n'; "
          + "for n in $(seq 40); do printf '1000\\r\\n%4096s\\r\\n' x; done; sleep 5) | "
          + "timeout 10 openssl s_client -quiet -connect localhost:\(server.port) 2>&1")
      #expect(reply.contains("413") && reply.contains("body_too_large"), "\(reply.prefix(400))")
      // Nor does a client ask for the next thing where nobody listens any more.
      #expect(reply.contains("Connection: close"), "\(reply.prefix(400))")
    }
  }

  /// A byte now and then does not win time: it is the whole that has to come.
  @Test func aTrickleIsNotWaitedFor() async throws {
    var limits = ServerLimits()
    limits.firstRequest = 2
    limits.body = 2
    try await LiveServer.run(limits: limits) { server in
      func trickle(_ head: String, _ piece: String) async throws -> (said: String, pieces: Int) {
        let count = "\(server.directory)/count"
        let said = await Shell.run(
          "(printf '\(head)'; for n in $(seq 60); do echo $n > \(count); printf '\(piece)' || break; "
            + "sleep 0.25; done) 2>/dev/null | "
            + "timeout 30 openssl s_client -quiet -connect localhost:\(server.port) 2>&1")
        let text = try Files.text(count)
        return (said, try #require(Int(text.dropLast())))
      }
      let headers = try await trickle("GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n", "X-A: b\\r\\n")
      #expect(headers.pieces < 60 && !headers.said.contains("200 OK"), "\(headers)")
      let body = try await trickle(
        "POST /api/v1/sessions HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 60\\r\\n"
          + "Content-Type: application/json\\r\\n\\r\\n", "x")
      #expect(body.said.contains("request_timeout"), "\(body)")
    }
  }

  /// Who asks for much and reads nothing holds neither memory nor a place.
  @Test func whoDoesNotReadIsDropped() async throws {
    var limits = ServerLimits()
    limits.stall = 1
    limits.nextRequest = 300
    try await LiveServer.run(limits: limits) { server in
      let token = try await server.logIn()
      let before = try await Self.connections(server, by: token)
      let reading = Task {
        await Shell.run(
          "(for n in $(seq 600); do printf 'GET /openapi.json HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; "
            + "done; sleep 20) | timeout 20 openssl s_client -quiet -connect "
            + "localhost:\(server.port) 2>/dev/null | sleep 20")
      }
      #expect(try await Self.wait(server, by: token) { $0 > before }, "it never came")
      #expect(try await Self.wait(server, by: token) { $0 <= before }, "it is still there")
      _ = await reading.value
    }
  }

  /// Bodies that do not come take no place from those who have something to ask.
  @Test func whoKeepsTheServerWaitingKeepsNobodyOut() async throws {
    var limits = ServerLimits()
    limits.inWork = 2
    try await LiveServer.run(limits: limits) { server in
      let token = try await server.logIn()
      let before = try await Self.connections(server, by: token)
      let waiting = Task {
        await Shell.run(
          "for n in 1 2 3 4 5; do (printf 'POST /link/v1/enroll HTTP/1.1\\r\\nHost: x\\r\\n"
            + "Content-Length: 60\\r\\nContent-Type: application/json\\r\\n\\r\\n{'; sleep 15) | "
            + "timeout 20 openssl s_client -quiet -no_ign_eof -connect "
            + "localhost:\(server.port) & done; wait")
      }
      #expect(try await Self.wait(server, by: token) { $0 >= before + 5 }, "they never came")
      for path in ["/healthz", "/api/v1/me"] {
        #expect(try await server.ask(.GET, path, token: token).status == 200)
      }
      #expect(try await !server.logIn().isEmpty)
      _ = await waiting.value
    }
  }

  /// How many connections there are.
  private static func connections(_ server: LiveServer, by token: String) async throws -> Int {
    let reply = try await server.ask(.GET, "/metrics", token: token)
    let line = String(decoding: reply.bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("holdfast_connections ") }
    return try #require(line.flatMap { Int($0.split(separator: " ")[1]) })
  }

  private static func wait(
    _ server: LiveServer, by token: String, until isSo: (Int) -> Bool
  ) async throws -> Bool {
    for _ in 0..<150 {
      if isSo(try await connections(server, by: token)) { return true }
      try await Task.sleep(for: .milliseconds(100))
    }
    return false
  }

  /// A flood is slowed for where it comes from, whatever it says of that; others are served.
  @Test func aFloodIsItsSourcesOwn() async throws {
    try await LiveServer.run { server in
      let admin = try await server.logIn()
      try await server.tenant("red", by: admin)
      let made = try await server.ask(
        .POST, "/api/v1/registration-tokens", ["entries": [["tenant": "red"]]], token: admin)
      let text = try #require(made.json["items"]?.array?.first?["text"]?.string)
      func enrolment(_ token: String) throws -> JSON {
        EnrolmentRequest(
          token: token, csr: try Enrolled.request().csr, agent: "web-1", hostname: "web-1",
          machine: String(repeating: "0a", count: 32), version: "1.0"
        ).json
      }
      /// From another address of this machine.
      func elsewhere(_ path: String, _ json: JSON) async throws -> String {
        let file = "\(server.directory)/request"
        let body = json.encodedBytes()
        try Files.writeAtomically(
          file,
          Array(
            ("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: \(body.count)\r\n\r\n").utf8) + body)
        return await Shell.run(
          "(cat \(file); sleep 8) | timeout 20 openssl s_client -quiet -no_ign_eof -bind 127.0.0.2 "
            + "-connect 127.0.0.1:\(server.port) 2>&1")
      }
      var enrolments: [Int] = []
      var logins: [Int] = []
      for number in 0..<9 {
        let lies = ["X-Forwarded-For", "X-Real-IP", "Forwarded"].map {
          ($0, "for=10.0.0.\(number)")
        }
        let guess = server.plane.secrets.newSecret()
        enrolments.append(
          try await server.ask(.POST, LinkPath.enroll, try enrolment(guess), headers: lies).status)
        logins.append(
          try await server.ask(
            .POST, "/api/v1/sessions", ["name": .string("n\(number)"), "password": "x"],
            headers: lies
          ).status)
      }
      #expect(enrolments.prefix(5) == [403, 403, 403, 403, 403] && enrolments.contains(429))
      #expect(logins.prefix(5) == [401, 401, 401, 401, 401] && logins.contains(429))
      let audit = try await server.ask(
        .GET, "/api/v1/audit?action=account.login-failed", token: admin)
      #expect(audit.json["items"]?.array?.allSatisfy { $0["source"] == "127.0.0.1" } == true)
      let login: JSON = [
        "name": .string(server.administrator.name),
        "password": .string(server.administrator.password),
      ]
      #expect(try await elsewhere("/api/v1/sessions", login).contains("201 Created"))
      #expect(try await elsewhere(LinkPath.enroll, try enrolment(text)).contains("200 OK"))
    }
  }
}
