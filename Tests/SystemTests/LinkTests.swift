import JSON
import TestSupport
import Testing

/// The link to the cluster, played by a shell that runs as its user: it tightens and reports, and
/// nothing else, whatever it is up to.
@Suite(.bootsMachines)
struct LinkTests {
  @Test(
    "the link's user may report and tighten, also as a member of the group; never open or decide")
  func whatItMay() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let token = host.token()
      for groups in ["", "holdfast"] {
        if !groups.isEmpty { try await machine.must("usermod --groups \(groups) holdfast-link") }
        for verb in [
          "unprotect \(token)", "check \(token)", "challenge", "guard list", "guard remove x",
          "enroll dry-run", "enroll {}", "reload", "restart example-agent.service", "upgrade x",
          "accept", "recover", "doctor prove",
        ] {
          #expect(try await ask(machine, verb) == "denied", "\(verb.prefix(20))")
        }
        #expect(try await ask(machine, "code 123456") == "unknown_verb")
        for (verb, code) in [
          ("status", "ok"), ("events since 1", "ok"), ("doctor", "ok"), ("checkpoint", "ok"),
          ("protect", "ok"), ("reconnected eu-prod", "ok"), ("ack 1", "ok"), ("link up", "ok"),
          ("link up eu-prod", "ok"), ("link down", "ok"), ("link up elsewhere", "wrong_cluster"),
          ("link", "ok"), ("link sideways", "bad_arguments"),
          ("link down now", "bad_arguments"), ("ack", "bad_arguments"), ("ack -1", "bad_arguments"),
          ("ack 1000000", "bad_arguments"), ("profile x", "profile_malformed"),
          ("time x.y.z", "time_malformed"), ("release x", "release_malformed"),
        ] {
          #expect(try await ask(machine, verb) == code, "\(verb)")
        }
      }
      // Nor may others say that they are the link.
      for user in ["ana", "mallory"] {
        for verb in ["link up", "link down", "ack 1"] {
          #expect(try await ask(machine, verb, as: user) == "denied")
        }
      }
      try await host.expectProtected()
      #expect(try await host.machine.run("holdfast unprotect -", input: token).succeeded)
    }
  }

  @Test("a link that stands again protects at once, and its connection's end is its own")
  func upAndDown() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.write("/root/hold.pl", Self.hold)
      #expect(try await cluster(host)["link"] == "offline")
      #expect(try await cluster(host)["last_contact"] == .null)

      try await host.unprotect()
      let reply = try await hold(machine, "first")
      #expect(reply["reprotected"]?.bool == true && reply["state"]?.string == "protected")
      #expect(reply["machine"]?.string?.utf8.count == 64)
      #expect(reply["nonce"]?.string?.isEmpty == false)
      try await host.expectProtected()
      let connected = try await cluster(host)
      #expect(connected["link"] == "connected" && connected["last_contact"]?.integer ?? 0 > 0)
      #expect(try await machine.must("holdfast status").contains("Cluster connected for "))

      // While it stands, a window stays open.
      try await host.unprotect()
      #expect(try await ask(machine, "ack \(reply["next"]?.integer ?? -1)") == "ok")
      #expect(try await cluster(host)["acknowledged"] == reply["next"])
      #expect(try await host.state == "unprotected")

      // Another connection takes over; the end of the first is nothing then.
      #expect(try await hold(machine, "second")["reprotected"]?.bool == true)
      try await machine.must("kill $(cat /root/first.pid)")
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await cluster(host)["link"] == "connected")
      try await machine.must("kill $(cat /root/second.pid)")
      #expect(
        try await machine.eventually("holdfast status --json | grep -q '\"link\":\"disconnected\"'")
      )
      #expect(try await machine.must("holdfast status").contains("Cluster not reached for "))

      // What was acknowledged is known after a restart; that it is connected, it has to say again.
      try await hold(machine, "third")
      try await machine.must("kill $(systemctl show --value -p MainPID holdfastd)")
      #expect(try await host.becomesProtected())
      let after = try await cluster(host)
      #expect(after["link"] == "offline" && after["acknowledged"] == reply["next"])
      try await host.expectProtected()
    }
  }

  @Test("one that comes and goes fills no ledger and keeps nobody out")
  func flapping() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.write("/root/flap.pl", Self.flap)
      let before = try await records(machine)
      try await machine.must("cd / && \(Self.courier) perl - 0 </root/flap.pl")
      #expect(try await records(machine) - before <= 12)
      #expect(try await cluster(host)["link"] == "disconnected")
      try await machine.must("cd /; \(Self.courier) perl - 40 </root/flap.pl >/dev/null 2>&1 &")
      let reply = try await machine.run("holdfast unprotect --json -", input: host.token())
      #expect(reply.text.contains("\"ok\":true"), "\(reply)")
      #expect(try await host.becomesProtected(), "it was connected again, so often")
    }
  }

  @Test("a host that is not enrolled has no link, and says what it would be called")
  func notEnrolled() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      for verb in ["link up", "ack 0"] {
        #expect(try await ask(machine, verb) == "not_enrolled")
      }
      #expect(try await ask(machine, "link down") == "ok")
      let name = try await machine.must("printf 'enroll dry-run\\n' | \(Self.connect)")
      let json = try JSON.parse(Array(name.utf8))
      #expect(json["agent"]?.string?.hasPrefix("host-") == true)
      #expect(json["machine"]?.string?.utf8.count == 64)
      #expect(try await machine.run("systemctl is-active holdfast-link").line == "inactive")
      #expect(
        try await machine.must("stat -c '%a %U' /var/lib/holdfast-link") == "700 holdfast-link")
    }
  }

  // MARK: Helpers

  private static let connect = "socat -t 20 - UNIX-CONNECT:/run/holdfast/control.sock"
  private static let courier =
    "setpriv --reuid holdfast-link --regid holdfast-link --init-groups --no-new-privs"

  /// The reply's code; `ok` for a success.
  private func ask(
    _ machine: Machine, _ line: String, as user: String = "holdfast-link"
  ) async throws -> String {
    let reply = try await machine.run(
      """
      cd / && printf '%s\\n' '\(line)' |
        setpriv --reuid \(user) --regid \(user) --init-groups --no-new-privs \(Self.connect) | tail -n 1
      """
    ).text
    let json = try JSON.parse(Array(reply.utf8))
    return json["ok"]?.bool == true ? "ok" : json["error"]?["code"]?.string ?? reply
  }

  private func cluster(_ host: ProtectedHost) async throws -> JSON {
    try #require(try await host.status()["cluster"])
  }

  /// Has the link up until the process of that name ends.
  ///
  /// - Returns: what was answered.
  @discardableResult
  private func hold(_ machine: Machine, _ name: String) async throws -> JSON {
    try await machine.must(
      """
      cd /
      \(Self.courier) perl - </root/hold.pl >/root/\(name) 2>&1 &
      echo $! >/root/\(name).pid
      """)
    #expect(try await machine.eventually("test -s /root/\(name)"))
    return try JSON.parse(Array(try await machine.must("cat /root/\(name)").utf8))
  }

  private func records(_ machine: Machine) async throws -> Int {
    Int(try await machine.must("holdfast log --json | wc -l")) ?? 0
  }

  private static let hold = """
    use IO::Socket::UNIX;
    $| = 1;
    my $socket = IO::Socket::UNIX->new(Peer => '/run/holdfast/control.sock') or die;
    print $socket "link up eu-prod\\n";
    print scalar <$socket>;
    sleep 300;
    """

  /// Up and down 500 times, or for so many seconds; on one connection, and on one each.
  private static let flap = """
    use IO::Socket::UNIX;
    $SIG{PIPE} = 'IGNORE';
    my ($end, $count) = (time + shift, 0);
    while ($end > time || $count < 500) {
      my $socket = IO::Socket::UNIX->new(Peer => '/run/holdfast/control.sock') or next;
      for (1 .. 1 + rand 5) {
        print $socket "link up\\n";
        last unless defined <$socket>;
        print $socket "link down\\n" if rand() < 0.8;
      }
      $count++;
    }
    """
}
