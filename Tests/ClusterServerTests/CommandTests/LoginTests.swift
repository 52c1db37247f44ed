import Cluster
import JSON
import Linux
import Testing

@testable import ClusterServer

@Suite("Logging in from the command line")
struct LoginTests {
  @Test("By fingerprint, by file, and as it was known before; a session is its owner's alone")
  func logsIn() async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        try await cluster.logIn(server)
        let path = "\(cluster.home)/.config/holdfast/cluster.json"
        #expect(try Files.status(path).map { $0.mode & 0o777 } == 0o600)
        #expect(!(try Files.text(path)).contains(server.administrator.password))

        let me = try await cluster("whoami", "--json")
        #expect(me.json["account"]?["name"]?.string == server.administrator.name)
        #expect(me.json["cluster"]?.string == "test")

        #expect(try await cluster("logout").status == 0)
        #expect(!Files.exists(path))
        #expect(try await cluster("whoami").status == 4)

        try cluster.write(server.plane.authority.pem, to: "ca.pem")
        let again = try await cluster(
          "login", "--cluster", server.base, "--ca", "ca.pem", "--password-file", "-",
          server.administrator.name, input: server.administrator.password + "\n")
        #expect(again.status == 0, "\(again.errors)")
        let known = try await cluster(
          "login", "--password-file", "-", input: server.administrator.password)
        #expect(known.status == 0, "\(known.errors)")
      }
    }
  }

  @Test("Nobody sends a password to whom nobody vouches for")
  func untrusted() async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        let secret = server.administrator.password
        for known in [[], ["--fingerprint", String(repeating: "A", count: 43)]] {
          let outcome = try await cluster.run(
            ["login", "--json", "--cluster", server.base, "--password-file", "-", "admin"] + known,
            input: secret)
          #expect(outcome.status == 3)
          #expect(outcome.code == "cluster_untrusted")
        }
        #expect(!Files.exists("\(cluster.home)/.config"))
      }
    }
  }

  @Test("A wrong password, an unreachable cluster, wrong usage: a status each")
  func statuses() async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        let wrong = try await cluster(
          "login", "--json", "--cluster", server.base,
          "--fingerprint=\(server.plane.authority.fingerprint)", "--password-file", "-", "admin",
          input: "not it")
        #expect(wrong.status == 4)
        #expect(wrong.code == "login_failed")
        let nobody = try await cluster(
          "login", "--json", "--cluster", "https://127.0.0.1:1", "--password-file", "-", "admin",
          input: "x")
        #expect(nobody.status == 3)
        #expect(nobody.code == "cluster_unreachable")
        #expect(try await cluster("login", "--cluster", "ftp://x", "a").status == 2)
        #expect(try await cluster("login", "--ca", "x", "--fingerprint", "y").status == 2)
      }
    }
  }

  @Test(
    "A program logs in with its secret, or is told by the environment; a session stays out of it")
  func programs() async throws {
    try await LiveServer.run { server in
      try await ClusterCommand.use { cluster in
        try await cluster.logIn(server)
        let made = try await cluster(
          "accounts", "create", "ci", "--client", "--role", "auditor", "--json")
        #expect(made.status == 0, "\(made.output)")
        try cluster.write(made.json["secret"]?.string ?? "", to: "secret")
        let token = try await server.logIn()
        try cluster.write(server.plane.authority.pem, to: "ca.pem")

        let client = try await cluster("login", "--client", "ci", "--secret-file", "secret")
        #expect(client.status == 0, "\(client.errors)")
        let refused = try await cluster("tenants", "create", "red", "--json")
        #expect(refused.status == 4)
        #expect(refused.code == "forbidden")

        let environment = [
          "HOLDFAST_CLUSTER_URL": server.base, "HOLDFAST_CLUSTER_CA": "ca.pem",
        ]
        #expect(try await cluster("whoami", environment: environment).status == 4)
        let told = try await cluster(
          "whoami", "--json",
          environment: environment.merging(["HOLDFAST_CLUSTER_TOKEN": token]) { $1 })
        #expect(told.json["account"]?["name"]?.string == server.administrator.name)
      }
    }
  }
}
