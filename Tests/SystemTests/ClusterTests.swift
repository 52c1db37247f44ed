import TestSupport
import Testing

/// A cluster's server, a link and a host, as their packages install them.
@Suite(.bootsMachines, .reachesDebian)
struct ClusterTests {
  private func withCluster(
    on suite: String = "bookworm", _ body: (ClusterMachine) async throws -> Void
  ) async throws {
    try await withMachine(.debian(suite: suite, packages: ClusterMachine.packages)) { machine in
      let cluster = try await ClusterMachine.prepared(on: machine)
      try await cluster.administrate("tenants create retail")
      try await body(cluster)
    }
  }

  private static func isState(_ state: String) -> String {
    #"holdfast status --json | grep -q '^{"ok":true,"state":"\#(state)"'"#
  }

  @Test(
    "a restart of the link, or of the server, protects a host that was open",
    arguments: ["bookworm", "trixie"])
  func restarts(suite: String) async throws {
    try await withCluster(on: suite) { cluster in
      let machine = cluster.machine
      try await cluster.enrol()
      for restart in ["holdfast-link", "holdfast-cluster"] {
        let token = try await cluster.administrate("tokens issue --scope agent --agent web-1")
        try await machine.must("holdfast unprotect -", input: token + "\n")
        #expect(try await machine.run(Self.isState("unprotected")).succeeded)
        try await machine.must("systemctl restart \(restart)")
        #expect(
          try await machine.eventually(within: 120, Self.isState("protected")), "\(restart)")
      }
    }
  }

  @Test("a host that is cut off is opened by a token, and protected again when it is back")
  func cutOff() async throws {
    try await withCluster { cluster in
      let machine = cluster.machine
      try await cluster.enrol()
      try await machine.must("holdfast guard add example-agent")
      #expect(try await machine.eventually(within: 60, Self.isState("protected")))

      // Issued while it could still be reached, used when it cannot.
      let token = try await cluster.administrate("tokens issue --scope agent --agent web-1")
      try await cluster.cable(isUp: false)
      try await machine.must("holdfast unprotect -", input: token + "\n")
      #expect(try await machine.run("systemctl stop example-agent").succeeded)
      // The record of it cannot be posted, and so the link knows.
      #expect(
        try await machine.eventually(
          within: 120, #"holdfast status --json | grep -q '"link":"disconnected"'"#))
      #expect(try await machine.run(Self.isState("unprotected")).succeeded)

      try await cluster.cable(isUp: true)
      let isBack = try await machine.eventually(within: 180, Self.isState("protected"))
      let journal = try await machine.run("journalctl -u holdfast-link").text
      #expect(isBack, "\(journal)")
      #expect(try await machine.run("systemctl stop example-agent").succeeded == false)
      #expect(!journal.contains(token))
      #expect(
        try await machine.eventually(
          within: 60, "holdfast-cluster agents log web-1 | grep -q unprotect"))
      #expect(
        try await machine.eventually(within: 60, "holdfast-cluster tokens list | grep -q used"))
    }
  }

  @Test("a profile reaches its host, and one that switches protection off lets go of it")
  func profiles() async throws {
    try await withCluster { cluster in
      let machine = cluster.machine
      try await cluster.enrol()
      try machine.write("/root/off.conf", "[Protection]\nEnabled=no\n")
      try machine.write("/root/on.conf", "[Protection]\nEnabled=yes\nMaxWindowSec=20min\n")
      try await cluster.administrate("profiles create base /root/on.conf")
      try await cluster.administrate("profiles assign base --tenant retail")
      #expect(
        try await machine.eventually(
          within: 60, #"holdfast status --json | grep -q '"profile":{"version"'"#))
      try await cluster.administrate("profiles change base /root/off.conf")
      #expect(try await machine.eventually(within: 60, Self.isState("unmanaged")))
      try await cluster.administrate("profiles change base /root/on.conf")
      #expect(try await machine.eventually(within: 60, Self.isState("protected")))
    }
  }
}
