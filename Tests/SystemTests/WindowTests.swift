import TestSupport
import Testing

/// The time between a good token and the next protection.
@Suite(.bootsMachines)
struct WindowTests {
  @Test("after unprotect everything works that was refused, and nothing is put back")
  func everythingWorks() async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      #expect(try await host.state == "unprotected")
      for command in [
        "systemctl restart example-agent", "systemctl stop example-agent",
        "systemctl start example-agent", "systemctl disable --now example-agent",
        "systemctl mask example-agent", "systemctl unmask example-agent",
        "systemctl enable --now example-agent",
        "mkdir -p /etc/systemd/system/example-agent.service.d",
        "printf '[Service]\\nNice=5\\n' >/etc/systemd/system/example-agent.service.d/mine.conf",
        "systemctl daemon-reload && systemctl restart example-agent",
        "echo '# mine' >>/usr/sbin/example-agent", "chmod 0700 /usr/sbin/example-agent",
        "systemctl stop example-agent",
      ] {
        try await host.allows(command)
      }
      try await Task.sleep(for: .seconds(2))
      let now = try await host.machine.must(
        """
        systemctl is-active example-agent; tail -n 1 /usr/sbin/example-agent
        stat -c %a /usr/sbin/example-agent; systemctl show --value -p Nice example-agent
        """)
      #expect(now == "inactive\n# mine\n700\n5")
    }
  }

  @Test(
    "removal works then, in every way",
    arguments: ["apt-get remove -y", "apt-get purge -y", "dpkg --remove", "dpkg --purge"])
  func removal(command: String) async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try await host.allows("\(command) example-agent")
      try await Task.sleep(for: .seconds(1))
      let left = try await host.machine.run("test -e /usr/sbin/example-agent")
      #expect(!left.succeeded, "nothing was put back")
      // And it stays away when everything else is protected again.
      try await host.allows("holdfast protect")
      #expect(try await !host.machine.run("test -e /usr/sbin/example-agent").succeeded)
      #expect(try await !host.machine.run("systemctl is-active -q example-agent").succeeded)
    }
  }

  @Test("an upgrade in the window stays, and is protected afterwards")
  func upgrade() async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try host.machine.copy(try ProtectedDisk.package("example-agent", "1.1"), into: "/root")
      try await host.allows("apt-get install -y /root/example-agent_1.1_all.deb", timeout: 60)
      try await host.allows("holdfast protect")
      #expect(try await host.machine.must("example-agent --version") == "example-agent 1.1")
      try await host.machine.must("note-files")
      try await host.expectProtected()
      try await host.refuses("rm -f /usr/sbin/example-agent")
      try await host.refuses("dpkg --purge --force-all example-agent")
    }
  }

  /// Ways in which a window ends.
  static let endings = [
    "holdfast protect",
    "holdfast reconnected",
    "systemctl start holdfast-reconnected.service",
    "systemctl restart holdfastd",
    "kill -9 $(systemctl show --value -p MainPID holdfastd)",
  ]

  @Test("what was allowed is refused again after each ending", arguments: endings)
  func ending(command: String) async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try await host.allows("systemctl stop example-agent")
      try await host.allows(command)
      #expect(try await host.becomesProtected())
      try await host.expectProtected()
      try await host.refuses("rm -f /usr/sbin/example-agent")
      try await host.refuses("apt-get remove -y example-agent")
    }
  }

  @Test("the window closes by itself when its time is over")
  func timeIsOver() async throws {
    try await withProtectedHost { host in
      // The shortest window that there is.
      let start = ContinuousClock.now
      let output = try await host.unprotect(window: 60)
      // It may say what is left of it by now.
      #expect(output.text.contains("1 min") || output.text.contains(#/for 5\d s/#), "\(output)")
      try await host.allows("systemctl stop example-agent")
      try await Task.sleep(for: .seconds(50) - start.duration(to: .now))
      let state = try await host.state
      // What is asked too late, on a busy machine, says nothing.
      if start.duration(to: .now) < .seconds(60) { #expect(state == "unprotected") }
      #expect(try await host.becomesProtected(within: 30))
      try await host.expectProtected()
    }
  }

  @Test("a reboot ends in protection")
  func reboot() async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try await host.machine.reboot()
      try await host.expectProtected()
    }
  }

  @Test("a pulled plug ends in protection, and the token stays spent")
  func pulledPlug() async throws {
    try await withProtectedHost { host in
      let token = host.token()
      _ = try await host.machine.must("holdfast unprotect -", input: token)
      try await host.machine.pullPlug()
      try await host.machine.boot()
      try await host.expectProtected()
      let again = try await host.machine.run("holdfast unprotect --json -", input: token)
      #expect(again.text.contains("already_used"), "\(again)")
    }
  }

  @Test("a token for one service opens that one only")
  func oneService() async throws {
    try await withProtectedHost { host in
      try await host.unprotect(services: [ProtectedHost.agent])
      try await host.allows("systemctl stop example-agent")
      try await host.refuses("systemctl stop holdfastd", on: ProtectedHost.daemon)
      try await host.refuses("apt-get remove -y holdfast", on: ProtectedHost.daemon)
    }
  }
}
