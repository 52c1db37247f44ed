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

  @Test("holdfast=audit lets go of everything too, and the daemon records what it would have done")
  func audit() async throws {
    try await withProtectedHost(arguments: ["holdfast=audit"]) { host in
      let machine = host.machine
      #expect(try await machine.must("cat /run/motd.d/holdfast").contains("holdfast=audit"))
      #expect(try await machine.must("systemctl is-active holdfastd") == "active")
      #expect(try await machine.must("holdfast status").contains("nothing is enforced"))
      for command in [
        "systemctl stop example-agent", "systemctl mask example-agent",
        "systemctl unmask example-agent", "systemctl start example-agent",
        "echo '# mended' >>/usr/sbin/example-agent",
      ] {
        try await host.allows(command)
      }
      #expect(
        try await machine.eventually("holdfast log | grep -q would_have_refused"))
      #expect(try await machine.must("holdfast log").contains("audit_boot"))
      // A daemon that is started again goes on so.
      _ = try await machine.run("kill -9 $(systemctl show --value -p MainPID holdfastd)")
      #expect(try await machine.eventually("holdfast ping"))
      try await host.allows("systemctl stop example-agent")
      try await machine.powerOff()
      try await machine.boot()
      #expect(try await host.becomesProtected())
      #expect(try await !machine.run("systemctl stop example-agent").succeeded)
      #expect(try await machine.must("tail -n 1 /usr/sbin/example-agent") == "# mended")
    }
  }

  @Test("a boot to rescue.target engages and heals nothing until it goes on")
  func repair() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await machine.powerOff()
      let program = machine.hostPath("/usr/sbin/example-agent")
      _ = try await HostCommand.run(["chattr", "-i", program])
      _ = try await HostCommand.run(["sh", "-c", "echo '# repaired' >>\(program)"])
      try await machine.boot(["systemd.unit=rescue.target"])
      if try await machine.run("holdfast ping").succeeded {
        #expect(try await machine.must("holdfast status").contains("started to be repaired"))
        // Nor does a daemon that is started again.
        _ = try await machine.run("kill -9 $(systemctl show --value -p MainPID holdfastd)")
        #expect(try await machine.eventually("holdfast ping"))
      }
      #expect(try await machine.must("tail -n 1 /usr/sbin/example-agent") == "# repaired")
      try await machine.must(
        "systemctl start multi-user.target; systemctl stop rescue.target rescue.service")
      #expect(try await host.becomesProtected())
      #expect(try await machine.must("tail -n 1 /usr/sbin/example-agent") != "# repaired")
    }
  }

  @Test("a rescue boot needs neither the daemon nor its store", arguments: ["off", "audit"])
  func broken(word: String) async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await machine.powerOff()
      let (program, state) = (
        machine.hostPath("/usr/sbin/holdfastd"), machine.hostPath("/var/lib/holdfast")
      )
      for command in [
        ["chattr", "-i", program], ["cp", machine.hostPath("/bin/false"), program],
        ["chattr", "-R", "-f", "-i", "-a", state], ["rm", "-rf", state], ["touch", state],
      ] {
        _ = try await HostCommand.run(command)
      }
      // With the program broken, not all that should start does.
      try await machine.boot(["holdfast=\(word)"], waiting: false)
      #expect(
        try await machine.eventually(
          within: 30, "grep -q holdfast=\(word) /run/motd.d/holdfast && pidof -x example-agent"))
      for command in [
        "systemctl stop example-agent", "rm /usr/sbin/example-agent",
        "apt-get purge -y example-agent",
      ] {
        try await host.allows(command)
      }
      #expect(
        try await machine.must("journalctl --no-pager -u holdfast-rescue").contains("released"))
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
