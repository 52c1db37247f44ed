import TestSupport
import Testing

/// The hook for network managers.
@Suite(.bootsMachines)
struct ReconnectTests {
  @Test("a default route that was gone and is back protects again; the first one does not")
  func defaultRoute() async throws {
    try await withProtectedHost { host in
      let hook = "/usr/libexec/holdfast/holdfast-route-hook"
      try await network(
        host.machine, "link add up0 type veth peer name far0", "link set up0 up",
        "link set far0 up", "address add 192.0.2.1/24 dev up0")
      try await host.unprotect()

      try await network(host.machine, "route add default via 192.0.2.2")
      try await host.allows(hook)
      try await host.allows(hook)
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await host.state == "unprotected", "it was never gone")

      try await network(host.machine, "route del default")
      try await host.allows(hook)
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await host.state == "unprotected", "it is not back yet")

      try await network(host.machine, "route add default via 192.0.2.2")
      try await host.allows(hook)
      #expect(try await host.becomesProtected())
      try await host.expectProtected()
    }
  }

  @Test("it never opens anything: reconnecting while protected changes nothing")
  func whileProtected() async throws {
    try await withProtectedHost { host in
      for _ in 1...10 {
        try await host.allows("systemctl start holdfast-reconnected.service")
      }
      try await host.expectProtected()
    }
  }

  /// ip(8), this host's, on the machine's network.
  private func network(_ machine: Machine, _ commands: String...) async throws {
    for command in commands {
      let output = try await HostCommand.run(
        ["nsenter", "--target", "\(try machine.firstProcess)", "--net", "ip"]
          + command.split(separator: " ").map(String.init))
      #expect(output.succeeded, "ip \(command): \(output)")
    }
  }
}
