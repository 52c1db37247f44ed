import AgentToken
import AsyncHTTPClient
import Cluster
import Issuing
import JSON
import LinkMessages
import Linux
import NIOHTTP1
import Testing

@testable import ClusterServer

@Suite("A fleet from the command line")
struct FleetCommandTests {
  /// A tenant with hosts, and an administrator who is logged in.
  private static func fleet(
    _ names: String...,
    body: (LiveServer, ClusterCommand, [Enrolled]) async throws -> Void
  ) async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        try await cluster.logIn(server)
        let token = try await server.logIn()
        try await server.tenant("red", by: token)
        var hosts: [Enrolled] = []
        for name in names {
          hosts.append(try await Enrolled.host(name, tenant: "red", server, by: token))
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(server, cluster, hosts)) } catch {
          outcome = .failure(error)
        }
        for host in hosts { try await host.client.shutdown() }
        try outcome.get()
      }
    }
  }

  @Test("Protecting: who is connected is told at once, of others it is said when they are")
  func protects() async throws {
    try await Self.fleet("web-1", "web-2") { server, cluster, hosts in
      var lines = hosts[0].lines(server).makeAsyncIterator()
      guard case .hello? = try await lines.next() else {
        Issue.record("no hello came first")
        return
      }
      let told = try await cluster("agents", "protect", "web-1", "red/web-2")
      #expect(told.status == 0, "\(told.errors)")
      let rows = told.output.split(separator: "\n")
      #expect(rows.count == 2)
      #expect(rows.first?.contains("web-1") == true && rows.first?.contains("told") == true)
      #expect(rows.last?.contains("not connected") == true)
      var line = try await lines.next()
      while let next = line, next != .protect { line = try await lines.next() }
      #expect(line == .protect)
      let reply = try await cluster("agents", "protect", "web-2", "--json")
      #expect(reply.json["items"]?.array?.map { $0["connected"] } == [false])
      // Where one of them is not there, nobody is told.
      let before = try await cluster("audit", "list", "--action", "agent.protect", "--json")
      let none = try await cluster("agents", "protect", "web-1", "web-3", "--json")
      #expect(none.status == 1 && none.code == "not_found")
      let after = try await cluster("audit", "list", "--action", "agent.protect", "--json")
      #expect(after.json == before.json && after.json["items"]?.array?.count == 3)
    }
  }

  @Test("Alarms: seen, acknowledged by name, and only once")
  func alarms() async throws {
    try await Self.fleet("web-1") { server, cluster, hosts in
      #expect(try await cluster("alarms", "list").output == "There are no alarms.\n")
      // Another machine with its certificate.
      let copy = Hex.encode(Random.bytes(32))
      let seen = try await server.ask(
        .POST, LinkPath.bundle, ["jws": "x"], headers: [(LinkPath.machineHeader, copy)],
        by: hosts[0].client)
      #expect(seen.status == 400)
      let list = try await cluster("alarms", "list", "--json")
      let alarm = try #require(list.json["items"]?.array?.first, "\(list.output)")
      #expect(alarm["kind"] == "clone")
      let id = try #require(alarm["id"]?.string)
      #expect(try await cluster("alarms", "acknowledge", "AAAAAAAAAAAAAAAA").status == 1)
      let done = try await cluster("alarms", "acknowledge", id, "--json")
      let by = done.json["items"]?.array?.first?["acknowledged_by"]?.string
      #expect(by == server.administrator.name)
      #expect(try await cluster("alarms", "list", "--json").json["items"] == .array([]))
      #expect(try await cluster("alarms", "list", "--all").output.contains("seen by admin"))
      let half = try await cluster("alarms", "acknowledge", id, "AAAAAAAAAAAAAAAA")
      #expect(half.status == 1 && half.output.isEmpty)
      #expect(half.errors.contains("Acknowledged 1 alarm.") && half.errors.contains("no alarm"))
      let again = try await cluster("alarms", "acknowledge", id)
      #expect(again.status == 0 && again.output == "Acknowledged 1 alarm.\n")
      let audit = try await cluster("audit", "list", "--action", "alarm.acknowledge", "--json")
      #expect(audit.json["items"]?.array?.count == 1)
    }
  }

  @Test("A challenge is answered with a token that opens the host that made it, and no other")
  func challenges() async throws {
    try await Self.fleet("web-1") { server, cluster, hosts in
      let bundle = try TrustBundle.enrol(
        jws: Array(hosts[0].reply.bundle.utf8),
        root: PublicKey(jwk: hosts[0].reply.root, scheme: Libsodium()), scheme: Libsodium())
      let nonce = "AAECAwQFBgcICQoLDA0ODw"
      func challenge(_ agent: String, size: Int64 = 7, cluster: String = "test") throws -> String {
        ChallengeText(
          identity: try Identity(cluster: cluster, tenant: "red", agent: agent), nonce: nonce,
          ledgerSize: size, ledgerHead: [1, 2, 3, 4, 5, 6, 7, 8], wall: 0
        ).text
      }
      func verify(_ token: String, nonce known: String) throws -> VerifiedToken {
        try TokenVerifier(
          bundle: bundle, identity: try Identity(cluster: "test", tenant: "red", agent: "web-1"),
          revoked: Revocations.none, scheme: Libsodium()
        ).verify(
          // As a host with a clock that is years off.
          Array(token.utf8), at: TrustedTime(now: 1_500_000_000),
          challenges: { $0 == known ? .good(elapsed: 1) : .unknown }, spent: { _, _ in nil })
      }
      let text = try challenge("web-1")
      let answer = try await cluster(
        "tokens", "issue", "--challenge", "-", "--window", "30m", input: text + "\n")
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(answer.errors.contains("web-1") && !answer.errors.contains("WARNING"))
      let token = String(answer.output.dropLast())
      let verified = try verify(token, nonce: nonce)
      #expect(verified.window == 1800 && verified.agent == "web-1")
      #expect(throws: Refusal.self) { _ = try verify(token, nonce: "BAECAwQFBgcICQoLDA0ODw") }
      let listed = try await cluster("tokens", "show", verified.jti, "--json")
      #expect(listed.json["answers_challenge"] == true)

      // A ledger that is shorter than it was; then its owner says why.
      let shorter = try await cluster(
        "tokens", "issue", "--challenge", try challenge("web-1", size: 3), "--json")
      #expect(shorter.json["warnings"]?.array?.count == 1, "\(shorter.output)")
      let vouched = try await cluster(
        "tokens", "issue", "--challenge", try challenge("web-1", size: 2), "--reinstalled",
        "--json")
      #expect(vouched.json["warnings"] == .array([]), "\(vouched.output)")
      // One that nobody enrolled here is out of reach too.
      let unknown = try await cluster("tokens", "issue", "--challenge", try challenge("web-9"))
      #expect(unknown.status == 0 && unknown.errors.contains("WARNING"))

      for (wrong, code) in [
        (text.replacing("web-1", with: "web-2"), "challenge_malformed"),
        (String(text.dropLast(4)), "challenge_malformed"), ("", "challenge_malformed"),
        (try challenge("web-1", cluster: "other"), "wrong_cluster"),
      ] {
        let refused = try await cluster(
          "tokens", "issue", "--challenge", "-", "--json", input: wrong)
        #expect(refused.status == 1 && refused.code == code, "\(wrong): \(refused.output)")
      }
      #expect(try await cluster("tokens", "list", "--json").json["items"]?.array?.count == 4)
    }
  }

  @Test("What is no trust bundle is said to be none")
  func bundles() async throws {
    try await Self.fleet { server, cluster, _ in
      let trust = try await cluster("trust", "show", "--json")
      try cluster.write(server.plane.authority.pem, to: "ca.pem")
      for file in ["ca.pem", "-"] {
        let refused = try await cluster("trust", "import", file, input: "rubbish")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("no trust bundle"), "\(refused.errors)")
        #expect(refused.errors.contains("bundle export"), "\(refused.errors)")
      }
      #expect(try await cluster("trust", "show", "--json").json == trust.json)
      try cluster.write(trust.json["bundle"]?.string ?? "", to: "bundle")
      #expect(try await cluster("trust", "import", "bundle", "--json").json == trust.json)
    }
  }
}
