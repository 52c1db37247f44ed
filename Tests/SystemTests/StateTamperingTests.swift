import TestSupport
import Testing

/// The daemon's own state: kept twice, immutable, and never taken back to what it was before.
@Suite(.bootsMachines)
struct StateTamperingTests {
  @Test("the state is immutable, the ledger append-only, and flags that are taken off come back")
  func flags() async throws {
    try await withProtectedHost { host in
      for file in [
        "/var/lib/holdfast/trust.json", "/etc/holdfast.state/trust.json",
        "/var/lib/holdfast/guards/example-agent.service.json", "/etc/holdfast.state/seal",
      ] {
        try await host.refuses("rm -f \(file)")
        try await host.refuses("echo >\(file)")
      }
      try await host.refuses("echo >/var/lib/holdfast/ledger/ledger.jsonl")
      try await host.refuses("touch /etc/holdfast.state/guards/evil.service.json")
      try await host.machine.must(
        "chattr -a /var/lib/holdfast/ledger/ledger.jsonl; chattr -i /var/lib/holdfast/trust.json")
      #expect(
        try await host.machine.eventually(
          """
          lsattr /var/lib/holdfast/ledger/ledger.jsonl | grep -q '^-----a' &&
          lsattr /var/lib/holdfast/trust.json | grep -q '^----i'
          """))
      try await host.expectProtected()
    }
  }

  @Test(
    "either copy, lost or spoilt with the daemon, is mended from the other",
    arguments: ["/var/lib/holdfast", "/etc/holdfast.state"])
  func oneCopy(place: String) async throws {
    try await withProtectedHost { host in
      for spoil in [
        // All but the ledger, which has no copy.
        "rm -rf \(place)/[!l]*", "rm -f \(place)/trust.json \(place)/seal",
        "echo {} >\(place)/guards/example-agent.service.json", "echo >\(place)/trust.json",
      ] {
        try await strike(host, at: [place], spoil)
        #expect(
          try await host.machine.run(
            "cmp /var/lib/holdfast/trust.json /etc/holdfast.state/trust.json"
          ).succeeded)
        #expect(try await host.machine.must("holdfast log").contains("\(place)"))
        try await host.expectProtected()
      }
      try await host.unprotect()
    }
  }

  @Test("an old copy in one place brings nothing back; the ledger goes on above what was known")
  func oneOldCopy() async throws {
    try await withProtectedHost { host in
      let token = try await spend(host)
      try await strike(host, at: ["/var/lib/holdfast"], putBack("/var/lib/holdfast"))
      try await refusesAsUsed(host, token)
      let records = try await host.machine.must("holdfast log --json | grep -o '\"seq\":[0-9]*'")
      let numbers = records.split(separator: "\n").compactMap { Int($0.dropFirst(6)) }
      #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "\(numbers)")
      // Its records are gone, which no copy brings back: that is said.
      #expect(try await host.state == "degraded")
      try await host.refuses("systemctl stop example-agent")
    }
  }

  @Test("both copies put back in one boot are noticed, and the token stays spent")
  func bothOldCopies() async throws {
    try await withProtectedHost { host in
      let token = try await spend(host)
      try await host.machine.must("holdfast guard add example-neighbour")
      for _ in 1...2 {
        try await strike(
          host, at: ["/var/lib/holdfast", "/etc/holdfast.state"],
          putBack("/var/lib/holdfast") + putBack("/etc/holdfast.state"))
        try await refusesAsUsed(host, token)
        #expect(try await host.state == "degraded")
      }
      let status = try await host.machine.must("holdfast status")
      #expect(status.contains("older copy"), "\(status)")
      let journal = try await host.machine.must("journalctl --no-pager -u holdfastd")
      #expect(journal.contains("Tampering"))
      #expect(try await host.machine.must("holdfast log").contains("tampering"))
      try await host.refuses("systemctl stop example-agent")
      // Whoever has a good token gets in all the same.
      try await host.unprotect()
    }
  }

  @Test("somebody else's trust in both copies opens nothing in this boot")
  func foreignTrust() async throws {
    try await withProtectedHost { host in
      try await strike(
        host, at: ["/var/lib/holdfast", "/etc/holdfast.state"],
        """
        for d in /var/lib/holdfast /etc/holdfast.state; do
          sed -i s/retail/others/ $d/trust.json; rm -f $d/seal
        done
        """)
      #expect(try await host.state == "degraded")
      let reply = try await host.machine.run("holdfast unprotect --json -", input: host.token())
      #expect(reply.text.contains("trust_missing"), "\(reply)")
      try await host.refuses("systemctl stop example-agent")
    }
  }

  @Test("a rescue that root runs by hand is no rescue boot: nothing planted becomes the baseline")
  func madeUpRescue() async throws {
    try await withProtectedHost { host in
      _ = try await host.machine.run(
        """
        daemon=$(systemctl show --value -p MainPID holdfastd)
        kill -STOP $daemon
        /usr/libexec/holdfast/holdfast-rescue --quiet
        echo '# planted' >>/usr/sbin/example-agent
        kill -KILL $daemon
        """)
      #expect(
        try await host.machine.eventually(
          "! grep -q planted /usr/sbin/example-agent && holdfast ping"))
      #expect(try await host.machine.must("holdfast status").contains("made up"))
      // With its program put back, the service is started anew.
      #expect(try await host.machine.eventually("is-whole example-agent.service"))
      try await host.refuses("systemctl stop example-agent")
    }
  }

  @Test(
    "a mount over the kernel's command line is no rescue boot",
    arguments: ["holdfast=off", "holdfast=audit"])
  func coveredCommandLine(word: String) async throws {
    try await withProtectedHost { host in
      try await host.machine.must(
        """
        printf '/sbin/init\\0\(word)' >/run/line
        mount --bind /run/line /proc/1/cmdline
        """)
      try await host.withstands(
        "systemctl kill --signal=KILL holdfastd", on: ProtectedHost.daemon)
      try await host.expectProtected()
    }
  }

  // MARK: The attacker

  private func spend(_ host: ProtectedHost) async throws -> String {
    try await host.machine.must(
      """
      mkdir /old
      cp -a /var/lib/holdfast /etc/holdfast.state /old/
      """)
    let token = host.token()
    let opened = try await host.machine.run("holdfast unprotect -", input: token)
    #expect(opened.succeeded, "\(opened)")
    try await host.machine.must("holdfast protect")
    return token
  }

  private func putBack(_ place: String) -> String {
    "rm -rf \(place); cp -a /old/\(place.split(separator: "/").last ?? "") \(place)\n"
  }

  /// With the daemon held meanwhile and killed afterwards, before its watchdog ends that.
  private func strike(_ host: ProtectedHost, at places: [String], _ attack: String) async throws {
    _ = try await host.machine.run(
      """
      daemon=$(systemctl show --value -p MainPID holdfastd)
      kill -STOP $daemon
      chattr -R -f -i -a \(places.joined(separator: " "))
      \(attack)
      kill -KILL $daemon
      """)
    #expect(try await host.machine.eventually("holdfast ping"))
    #expect(
      try await host.machine.eventually(
        "holdfast status --json | grep -qE '\"state\":\"(protected|degraded)\"'"))
  }

  private func refusesAsUsed(_ host: ProtectedHost, _ token: String) async throws {
    let reply = try await host.machine.run("holdfast unprotect --json -", input: token)
    #expect(reply.text.contains("already_used"), "\(reply)")
  }
}
