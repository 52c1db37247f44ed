import AsyncHTTPClient
import Cluster
import JSON
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
          + "sleep 1; open=0; for n in 1 2 3 4 5 6; do "
          + "read -t 0.2 -u $((n + 3)); [ $? -gt 128 ] && open=$((open + 1)); done; "
          + "echo open=$open")
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
    }
  }
}
