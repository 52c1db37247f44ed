import TestSupport
import Testing

/// `holdfast=off` on the kernel command line: the way in without any token.
@Suite(.bootsMachines)
struct RescueBootTests {
  @Test("everything is released, without holdfastd, and said")
  func released() async throws {
    try await withProtectedHost(arguments: ["holdfast=off"]) { host in
      let machine = host.machine
      #expect(try await machine.must("cat /run/motd.d/holdfast").contains("Protection is OFF"))
      let journal = try await machine.must("journalctl --no-pager -u holdfast-rescue")
      #expect(journal.contains("released"))
      #expect(try await machine.must("systemctl is-system-running") == "running")
      try await expectReleased(host)
    }
  }

  @Test("what cannot be read in a manifest is recognised")
  func withoutManifest() async throws {
    try await withProtectedHost { host in
      try await host.machine.powerOff()
      let folder = host.machine.hostPath("/var/lib/holdfast")
      _ = try await HostCommand.run(["chattr", "-R", "-i", folder])
      _ = try await HostCommand.run(["rm", "-rf", folder])
      try await host.machine.boot(["holdfast=off"])
      try await expectReleased(host)
    }
  }

  @Test("the boot after it is protected again")
  func afterwards() async throws {
    try await withProtectedHost(arguments: ["holdfast=off"]) { host in
      try await host.machine.powerOff()
      try await host.machine.boot()
      try await host.expectProtected()
      try await host.refuses("rm -f /usr/sbin/example-agent")
    }
  }

  private func expectReleased(_ host: ProtectedHost) async throws {
    #expect(try await !host.machine.run("systemctl is-active -q holdfastd").succeeded)
    let immutable = try await host.machine.must(
      "lsattr -R /usr /etc /var 2>/dev/null | awk 'NF == 2 && $1 ~ /i/' | head")
    #expect(immutable.isEmpty, "\(immutable)")
    for command in [
      "systemctl is-active example-agent", "systemctl stop example-agent",
      "systemctl mask example-agent", "systemctl unmask example-agent",
      "rm /usr/sbin/example-agent", "apt-get purge -y example-agent", "apt-get purge -y holdfast",
    ] {
      try await host.allows(command)
    }
  }
}
