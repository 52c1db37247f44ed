import AgentToken
import AsyncHTTPClient
import Cluster
import JSON
import LinkMessages
import Linux
import Testing

@testable import ClusterServer

@Suite("Asking a cluster from the command line")
struct AskingTests {
  private static func loggedIn(
    _ body: (LiveServer, ClusterCommand) async throws -> Void
  ) async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        try await cluster.logIn(server)
        try await body(server, cluster)
      }
    }
  }

  @Test("Tenants, of whatever id")
  func tenants() async throws {
    try await Self.loggedIn { _, cluster in
      #expect(try await cluster("tenants", "create", "a/b:c").status == 0)
      #expect(try await cluster("tenants", "rename", "a/b:c", "A & B").status == 0)
      let list = try await cluster("tenants", "list", "--json")
      #expect(list.json["items"]?.array?.map { $0["name"]?.string } == ["A & B"])
      #expect(list.json["next"]?.isNull == true)
      #expect(try await cluster("tenants", "list").output.contains("a/b:c"))
      let again = try await cluster("tenants", "create", "a/b:c", "--json")
      #expect(again.status == 1)
      #expect(again.code == "conflict")
      #expect(try await cluster("tenants", "delete", "a/b:c").status == 0)
    }
  }

  @Test("Registration tokens: reviewed, made all or none when somebody says so, taken back")
  func registrationTokens() async throws {
    try await Self.loggedIn { server, cluster in
      for tenant in ["red", "blue"] { _ = try await cluster("tenants", "create", tenant) }
      let unasked = try await cluster("registration-tokens", "create", "--tenant", "red")
      #expect(unasked.status == 2)
      #expect(unasked.errors.contains("--yes"))
      let half = try await cluster(
        "registration-tokens", "create", "--tenant", "red", "--tenant", "none", "--yes", "--json")
      #expect(half.status == 1)
      #expect(
        try await cluster("registration-tokens", "list", "--json").json["items"] == .array([]))

      let one = try await cluster("registration-tokens", "create", "--tenant", "red", "--yes")
      let text = try #require(RegistrationTokenText(String(one.output.dropLast())))
      #expect(text.fingerprint == server.plane.authority.fingerprint)
      let both = try await cluster(
        "registration-tokens", "create", "--tenant", "red", "--tenant", "blue", "--uses", "3",
        "--never-expires", "--yes", "--output", "made")
      #expect(both.status == 0)
      #expect(both.output.isEmpty)
      for file in ["made/red.token", "made/blue.token"] {
        #expect(RegistrationTokenText(String(try cluster.read(file).dropLast())) != nil)
        #expect(
          try Files.status("\(cluster.home)/\(file)").map { $0.mode & 0o777 } == 0o600)
      }

      let list = try await cluster("registration-tokens", "list", "--tenant", "red", "--json")
      let ids = (list.json["items"]?.array ?? []).compactMap { $0["id"]?.string }
      #expect(ids.count == 2)
      let first = try #require(ids.last)
      let revealed = try await cluster("registration-tokens", "reveal", first)
      #expect(revealed.output == one.output)
      #expect(try await cluster("registration-tokens", "delete", first, "--json").status == 1)
      #expect(try await cluster("registration-tokens", "revoke", first).status == 0)
      #expect(try await cluster("registration-tokens", "delete", first).status == 0)
    }
  }

  @Test("Registration tokens: what was reviewed is changed line by line, and then made")
  func registrationTokenEntries() async throws {
    try await Self.loggedIn { server, cluster in
      for tenant in ["red", "blue", "green"] { _ = try await cluster("tenants", "create", tenant) }
      let create = ["registration-tokens", "create"]
      let review = try await cluster.run(
        create + ["--tenant", "red", "--tenant", "blue", "--tenant", "green", "--review"])
      #expect(review.status == 0)
      #expect(
        review.output == #"{"tenant":"red"}"# + "\n" + #"{"tenant":"blue"}"# + "\n"
          + #"{"tenant":"green"}"# + "\n")
      #expect(review.errors.contains("1 host"))

      let edited = "# for the fair\n\n  {\"tenant\":\"red\",\"uses\":7}\n{\"tenant\":\"green\"}\n"
      let made = try await cluster.run(
        create + ["--entries", "-", "--yes", "--json"], input: edited)
      #expect(made.status == 0)
      #expect(
        made.json["items"]?.array?.map { $0["token"]?["uses"]?.integer } == [7, 1])
      #expect(
        made.json["items"]?.array?.map { $0["token"]?["tenant"]?.string } == ["red", "green"])

      for (bad, code) in [
        ("", "usage"), ("[]", "usage"), ("{\"tenant\":\"red\"", "usage"),
        ("{\"tenant\":\"red\"}\n{\"tenant\":\"none\"}", "not_found"),
        ("{\"tenant\":\"red\",\"colour\":1}", "invalid_request"),
      ] {
        let refused = try await cluster.run(
          create + ["--entries", "-", "--yes", "--json"], input: bad)
        #expect(refused.status != 0 && refused.code == code, "\(bad): \(refused)")
      }
      let list = try await cluster("registration-tokens", "list", "--json")
      #expect(list.json["items"]?.array?.count == 2)
      let both = try await cluster.run(
        create + ["--entries", "-", "--tenant", "red", "--yes"], input: edited)
      #expect(both.status == 2)
    }
  }

  @Test("Agents by their names; tokens for those that are protected, and why not for others")
  func agents() async throws {
    try await Self.loggedIn { server, cluster in
      let token = try await server.logIn()
      try await server.tenant("red", by: token)
      var hosts: [Enrolled] = []
      for name in ["web-1", "web-2"] {
        hosts.append(try await Enrolled.host(name, tenant: "red", server, by: token))
      }
      let status: JSON = [
        "ok": true, "state": "protected", "version": "1.0", "clock": "wall",
        "services": ["filebeat.service": ["active": "active", "state": "protected"]],
        "bundle": ["seq": 1],
      ]
      let report = Report(machine: hosts[0].machine, hostname: "web-1.example", status: status)
      #expect(try await hosts[0].ask(server, LinkPath.report, report.json).status == 200)

      let shown = try await cluster("agents", "show", "red/web-1")
      #expect(shown.output.contains("filebeat.service"))
      #expect(try await cluster("agents", "show", "web", "--json").code == "not_found")
      #expect(
        try await cluster("agents", "label", "web-1", "env=prod", "tier=front").status == 0)
      let labelled = try await cluster(
        "agents", "label", "web-1", "env=test", "--remove", "tier", "--json")
      #expect(labelled.json["labels"] == ["env": "test"])

      try cluster.write("# two hosts\nweb-1\n\nweb-2\n", to: "hosts")
      let issued = try await cluster(
        "tokens", "issue", "--agents", "hosts", "--window", "30m", "--output", "tokens")
      #expect(issued.status == 1)
      #expect(issued.errors.contains("web-2"))
      let text = try cluster.read("tokens/web-1.token")
      #expect(text.split(separator: ".").count == 3)
      #expect(!Files.exists("\(cluster.home)/tokens/web-2.token"))

      let list = try await cluster("tokens", "list", "--json")
      let jti = try #require(list.json["items"]?.array?.first?["jti"]?.string)
      #expect(list.json["items"]?.array?.first?["window"] == 1800)
      #expect(try await cluster("tokens", "revoke", jti).status == 0)
      let revoked = try await cluster("tokens", "show", jti, "--json")
      #expect(revoked.json["status"] == "revoked")

      #expect(try await cluster("agents", "retire", "web-2").status == 2)
      #expect(try await cluster("agents", "retire", "web-2", "--yes").status == 0)
      for host in hosts { try await host.client.shutdown() }
    }
  }

  @Test("Profiles in the configuration's syntax, there and back")
  func profiles() async throws {
    try await Self.loggedIn { server, cluster in
      _ = try await cluster("tenants", "create", "red")
      let settings = """
        [Protection]
        MaxWindowSec=30min

        [Service]
        Unit=filebeat.service
        Files=/etc/filebeat
        Files="/etc/a b"

        """
      try cluster.write(settings, to: "base.conf")
      try cluster.write("[Protection]\nNonsense=1\n", to: "bad.conf")
      #expect(try await cluster("profiles", "create", "bad", "bad.conf").status == 1)
      #expect(try await cluster("profiles", "create", "base", "base.conf").status == 0)
      #expect(try await cluster("profiles", "show", "base").output == settings)
      let changed = try await cluster(
        "profiles", "change", "base", "-", "--following", "1", "--json",
        input: "[Protection]\nMaxWindowSec=20min\n")
      #expect(changed.json["version"] == 2)
      let late = try await cluster(
        "profiles", "change", "base", "base.conf", "--following", "1", "--json")
      #expect(late.code == "conflict")
      #expect(try await cluster("profiles", "show", "base", "--at", "1").output == settings)

      #expect(try await cluster("profiles", "assign", "base", "--tenant", "red").status == 0)
      #expect(try await cluster("profiles", "delete", "base").status == 1)
      #expect(try await cluster("profiles", "unassign", "base", "--tenant", "red").status == 0)
      #expect(try await cluster("profiles", "delete", "base").status == 0)
      let audit = try await cluster("audit", "list", "--action", "profile", "--json")
      #expect(audit.json["items"]?.array?.count == 5)
    }
  }
}
