import TestSupport
import Testing

/// A service that ends by itself again and again is started at a bounded rate, one that is killed
/// at once.
@Suite(.bootsMachines)
struct CrashLoopTests {
  @Test("a crash loop is slowed down, and its end or a kill takes that back")
  func slowedDown() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      // With permission: a setting that its program cannot live with.
      try await host.unprotect()
      try await machine.must(
        """
        cp -p /etc/example-agent/agent.conf /root/good.conf
        echo '[ -e /root/mended ] || exit 3' >>/etc/example-agent/agent.conf
        note-files
        holdfast protect
        systemctl kill --signal=KILL example-agent
        """)
      let delay = "systemctl show -P RestartUSec example-agent"
      let slow = try await machine.eventually("[ \"$(\(delay))\" = 2s ]")
      let status = try await machine.run("systemctl status example-agent; \(delay)")
      #expect(slow, "\(status)")
      let start = ContinuousClock.now
      let rate = try await machine.must(
        """
        count() { systemctl show -P NRestarts example-agent; }
        before=$(count); sleep 5; echo $(($(count) - before))
        """)
      let seconds = start.duration(to: .now) / .seconds(1)
      #expect(Double(try #require(Int(rate))) <= seconds / 2 + 1)

      try await machine.must("touch /root/mended")
      #expect(try await machine.eventually("is-whole \(ProtectedHost.agent)"))
      try await host.withstands("systemctl kill --signal=KILL example-agent")
      #expect(try await machine.eventually("[ \"$(\(delay))\" = 0 ]"))
    }
  }

  @Test(
    "who is killed again and again is never made to wait",
    arguments: ["KILL", "TERM", "INT", "SEGV", "ABRT"])
  func killed(signal: String) async throws {
    try await withProtectedHost { host in
      try await host.machine.must(
        """
        for number in $(seq 30); do
          systemctl kill --signal=\(signal) example-agent || :
          sleep 0.2
        done
        [ "$(systemctl show -P RestartUSec example-agent)" = 0 ]
        """)
      try await host.withstands("systemctl kill --signal=KILL example-agent")
    }
  }
}
