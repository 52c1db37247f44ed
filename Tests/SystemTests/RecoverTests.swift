import TestSupport
import Testing

/// `accept` and `recover`: what somebody with a token looked at.
@Suite(.bootsMachines)
struct RecoverTests {
  @Test("what changed in a window and is not as shipped is named until it is accepted in one")
  func changedWhileUnprotected() async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try await host.machine.must(
        """
        echo '# planted' >>/usr/sbin/example-agent
        mkdir -p /etc/systemd/system/example-agent.service.d
        printf '[Service]\\nNice=1\\n' >/etc/systemd/system/example-agent.service.d/own.conf
        systemctl daemon-reload; holdfast protect
        """)
      #expect(try await host.becomesProtected())
      let status = try await host.machine.must("holdfast status")
      #expect(status.contains("Changed while unprotected"))
      #expect(status.contains("/usr/sbin/example-agent"))
      #expect(status.contains("/etc/systemd/system/example-agent.service.d/own.conf"))
      #expect(try await host.machine.must("holdfast log").contains("not_as_shipped"))
      // It needs a window, and survives a restart of the daemon until then.
      #expect(try await host.machine.run("holdfast accept --json").text.contains("\"protected\""))
      try await host.withstands("systemctl kill --signal=KILL holdfastd", on: ProtectedHost.daemon)
      #expect(try await host.machine.must("holdfast status").contains("/usr/sbin/example-agent"))
      try await host.unprotect()
      try await host.allows("holdfast accept")
      try await host.allows("holdfast protect")
      #expect(try await !host.machine.must("holdfast status").contains("Changed"))
    }
  }

  @Test("an upgrade in a window, and a change that is accepted in it, name nothing")
  func explained() async throws {
    try await withProtectedHost { host in
      try await host.unprotect()
      try await host.machine.install(try ProtectedDisk.package("example-agent", "1.1"))
      try await host.machine.must(
        "echo '# mine' >>/etc/example-agent/agent.conf; holdfast accept; holdfast protect")
      #expect(try await host.becomesProtected())
      #expect(try await !host.machine.must("holdfast status").contains("Changed"))
    }
  }

  @Test("a host whose files were restored from an older backup is put right in a window")
  func restored() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await machine.must(
        "mkdir /backup; cp -a /var/lib/holdfast /etc/holdfast.state /etc/systemd/system.control /backup/"
      )
      let token = host.token()
      let opened = try await machine.run("holdfast unprotect -", input: token)
      #expect(opened.succeeded, "\(opened)")
      try await machine.must("holdfast protect; holdfast guard add example-neighbour")
      // File by file, with the host running: the daemon is held, or it would heal that.
      _ = try await machine.run(
        """
        daemon=$(systemctl show --value -p MainPID holdfastd)
        kill -STOP $daemon
        for path in /var/lib/holdfast /etc/holdfast.state /etc/systemd/system.control; do
          chattr -R -f -i -a $path
          rm -rf $path
          cp -a /backup/${path##*/} $path
        done
        kill -KILL $daemon
        """)
      #expect(try await machine.eventually("holdfast ping"))
      #expect(try await machine.eventually("holdfast status | grep -q Degraded"))
      #expect(try await machine.run("holdfast recover --json").text.contains("\"protected\""))
      let again = try await machine.run("holdfast unprotect --json -", input: token)
      #expect(again.text.contains("already_used"), "\(again)")
      try await host.unprotect()
      try await host.allows("holdfast recover")
      try await host.allows("holdfast protect")
      try await host.expectProtected()
      try await host.withstands("systemctl kill --signal=KILL holdfastd", on: ProtectedHost.daemon)
      try await host.expectProtected()
    }
  }
}
