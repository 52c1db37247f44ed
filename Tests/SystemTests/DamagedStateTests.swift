import TestSupport
import Testing

/// A disk, a file system or a configuration that is not as it should be.
@Suite(.bootsMachines)
struct DamagedStateTests {
  @Test("with a full disk, unprotect works from the reserve, and so does protect")
  func fullDisk() async throws {
    try await withProtectedHost { host in
      try await host.machine.must(Self.fillDisk)
      let full = try await host.machine.run("echo more >/more && sync /more")
      #expect(!full.succeeded, "the disk is full")
      for _ in 1...3 {
        try await host.unprotect()
        try await host.allows("systemctl restart example-agent")
        try await host.allows("holdfast protect")
        try await host.expectProtected()
      }
      // A restart there ends in protection too.
      try await host.withstands("systemctl kill --signal=KILL holdfastd", on: ProtectedHost.daemon)
      try await host.expectProtected()
      try await host.unprotect()
    }
  }

  @Test("a read-only mount over the state is taken away, and whoever has a token gets in")
  func readOnly() async throws {
    try await withProtectedHost { host in
      try await host.machine.must(
        """
        mount --bind /var/lib/holdfast /var/lib/holdfast
        mount -o remount,bind,ro /var/lib/holdfast
        kill -9 $(systemctl show --value -p MainPID holdfastd)
        """)
      #expect(try await host.machine.eventually("holdfast ping"))
      try await host.refuses("systemctl stop example-agent")
      try await host.refuses("rm -f /usr/sbin/example-agent")
      #expect(
        try await host.machine.eventually(
          "! grep -q ' /var/lib/holdfast ' /proc/self/mountinfo"))
      try await host.expectProtected()
      try await host.unprotect()
    }
  }

  static let spoilt: [(text: String, line: Int, key: String)] = [
    ("[Control]\nMaxConnections=64\nMaxConections=64\n", 3, "MaxConections"),
    ("[Control]\nMaxConnections=many\n", 2, "MaxConnections"),
    ("[Control]\nMaxConnections=64\nMaxConnections=65\n", 3, "MaxConnections"),
    ("[Protection]\nMaxWindowSec=-5\n", 2, "MaxWindowSec"),
    ("[Sesame]\nOpen=yes\n", 1, "Sesame"),
    ("\u{0}\u{1}nonsense\n", 1, ""),
  ]

  @Test("a corrupt configuration is named with file, line and key; the daemon runs degraded")
  func corruptConfiguration() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      for (text, line, key) in Self.spoilt {
        try machine.write("/etc/holdfast/holdfast.conf", text)
        let validated = try await machine.run("holdfast config validate")
        #expect(validated.status == 1, "\(validated)")
        #expect(
          validated.text.contains("/etc/holdfast/holdfast.conf:\(line)")
            && validated.text.contains(key), "\(validated)")

        let restarts = try await machine.must("systemctl show --value -p NRestarts holdfastd")
        _ = try await machine.run("kill -9 $(systemctl show --value -p MainPID holdfastd)")
        #expect(
          try await machine.eventually(
            """
            [ "$(systemctl show --value -p NRestarts holdfastd)" != \(restarts) ] &&
            holdfast status --json | grep -q '"state":"degraded"'
            """))
        try await host.refuses("systemctl stop example-agent")
        let more = try await machine.must("systemctl show --value -p NRestarts holdfastd")
        #expect(Int(more) == Int(restarts).map { $0 + 1 }, "no crash loop")
      }
      // Whoever has a token gets in all the same, and a good file mends it.
      try await host.unprotect()
      try machine.write("/etc/holdfast/holdfast.conf", "[Control]\nMaxConnections=64\n")
      try await host.allows("holdfast config validate")
      try await host.allows("holdfast reload")
      try await host.allows("holdfast protect")
      try await host.expectProtected()
    }
  }

  @Test("missing state on a host that was enrolled is tampering: it stays protected")
  func missingState() async throws {
    try await withProtectedHost { host in
      _ = try await host.machine.run(
        """
        daemon=$(systemctl show --value -p MainPID holdfastd)
        kill -STOP $daemon
        for place in /var/lib/holdfast /etc/holdfast.state; do
          chattr -R -i $place; rm -f $place/trust.json $place/seal
        done
        kill -9 $daemon
        """)
      #expect(try await host.machine.eventually("holdfast ping"))
      let state = try await host.state
      #expect(["protected", "degraded"].contains(state), "\(state)")
      try await host.refuses("systemctl stop example-agent")
      try await host.refuses("rm -f /usr/sbin/example-agent")
    }
  }

  /// Down to the last block, those reserved for root included.
  private static let fillDisk = """
    fallocate -l $(($(df --output=avail -B1 / | tail -n 1) - 1048576)) /fill || true
    dd if=/dev/zero of=/fill-rest bs=4k 2>/dev/null || true
    for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=/fill-$i bs=512 2>/dev/null || true; done
    sync /
    """
}
