import TestSupport
import Testing

/// What the daemon is made of, and what it costs, as it runs.
@Suite(.bootsMachines)
struct FootprintTests {
  @Test("one thread, under 8 MB, in the host's own mount namespace, without the network")
  func process() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let pid = try await machine.must("systemctl show --value -p MainPID holdfastd")
      #expect(try await machine.must("ls /proc/\(pid)/task | wc -l") == "1")
      // At rest: what only enrolling and guarding needed is given back a second after.
      let pss = try await machine.must(
        "sleep 3; awk '/^Pss:/ { print $2 }' /proc/\(pid)/smaps_rollup")
      #expect((Int(pss) ?? .max) < 8 * 1024, "\(pss) kB")
      #expect(
        try await machine.must("readlink /proc/1/ns/mnt")
          == machine.must("readlink /proc/\(pid)/ns/mnt"))
      #expect(
        try await machine.must("readlink /proc/1/ns/net")
          != machine.must("readlink /proc/\(pid)/ns/net"))
      let score = try await machine.must("systemctl show --value -p OOMScoreAdjust holdfastd")
      #expect(score == "-1000")
    }
  }

  @Test("what it loads has neither Foundation nor a network library in it")
  func libraries() async throws {
    try await withProtectedHost { host in
      let loaded = try await host.machine.must(
        "awk '$6 ~ /[.]so/ { print $6 }' /proc/$(pidof holdfastd)/maps | sort -u")
      for unwanted in ["Foundation", "swift", "libssl", "libcurl", "libnss", "dispatch"] {
        #expect(!loaded.contains(unwanted), "\(loaded)")
      }
    }
  }

  @Test("its units say nothing that systemd does not understand")
  func units() async throws {
    try await withProtectedHost { host in
      let said = try await host.machine.must(
        """
        systemd-analyze verify --man=no holdfastd.service holdfastd.socket \
          holdfast-reconnected.service holdfast-rescue.service 2>&1
        """)
      #expect(said.isEmpty, "\(said)")
      let journal = try await host.machine.must(
        "journalctl --no-pager -b -p warning -t systemd --grep holdfast || true")
      #expect(!journal.contains("Unknown"), "\(journal)")
    }
  }
}
