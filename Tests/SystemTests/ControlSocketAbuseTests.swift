import JSON
import TestSupport
import Testing

/// What is thrown at the control socket: each gets its code or a closed door, changes nothing, and
/// disturbs nobody.
@Suite(.bootsMachines)
struct ControlSocketAbuseTests {
  @Test("bad requests get their code, and the host stays protected")
  func badRequests() async throws {
    try await withProtectedHost { host in
      let before = try await daemonProcess(host)
      for (request, code) in [
        ("{ printf 'unprotect '; head -c 1048576 /dev/zero | tr '\\0' a; echo; }", "line_too_long"),
        ("head -c 1048576 /dev/zero | tr '\\0' a", "line_too_long"),
        ("printf 'unprotect '; head -c 2000 /dev/urandom | tr -d '\\n'; echo", "bad_arguments"),
        ("printf 'unprotect %s\\n' \"$(head -c 2040 /dev/zero | tr '\\0' a)\"", "malformed"),
        ("printf 'unprotect %s\\n' \"$(head -c 3000 /dev/zero | tr '\\0' a)\"", "malformed"),
        ("printf 'unprotect \\n'", "bad_arguments"),
        ("printf 'unprotect\\n'", "bad_arguments"),
        ("printf '\\n'", "unknown_verb|bad_arguments"),
        ("printf 'open sesame\\n'", "unknown_verb"),
        ("printf 'UNPROTECT x\\n'", "unknown_verb"),
        ("printf 'profile x\\n'", "profile_malformed"),
        ("printf 'release x.y.z\\n'", "release_malformed"),
        ("printf 'ack 1000000\\n'", "bad_arguments"),
        ("printf 'code 123456\\n'", "unknown_verb"),
        ("printf 'status  now\\n'", "bad_arguments"),
        ("printf 'status\\r\\n'", "bad_arguments|unknown_verb"),
        ("printf 'restart nothing.service\\n'", "unit_unknown"),
        ("printf 'enroll {\\n'", "bad_arguments|protected|bundle_malformed"),
        ("printf 'bundle x.y.z\\n'", "bundle_malformed"),
        ("printf 'guard remove example-agent.service\\n'", "protected"),
      ] {
        let reply = try await host.machine.run("{ \(request); } | \(Self.send)").text
        #expect(
          code.split(separator: "|").contains { reply.contains("\"code\":\"\($0)\"") },
          "\(request) got \(reply.prefix(300))")
      }
      try await host.expectProtected()
      #expect(try await daemonProcess(host) == before, "the daemon did not restart")
    }
  }

  @Test("half a line is closed after its time, and holds nobody up")
  func halfLines() async throws {
    try await withProtectedHost { host in
      let reply = try await host.machine.run(
        "{ printf 'unprotect abc'; sleep 12; } | \(Self.connect)", timeout: 25)
      #expect(!reply.text.contains("\"ok\":true"))
      // Several lines at once are several requests.
      let two = try await host.machine.must("printf 'ping\\nping\\n' | \(Self.connect)")
      #expect(two.split(separator: "\n").count == 2)
      try await host.expectProtected()
    }
  }

  @Test("whoever is nobody may look, and no more")
  func strangers() async throws {
    try await withProtectedHost { host in
      let token = host.token()
      for (verb, code) in [
        ("unprotect \(token)", "denied"), ("protect", "denied"), ("check \(token)", "denied"),
        ("guard list", "denied"), ("events", "denied"), ("reload", "denied"),
        ("restart example-agent.service", "denied"), ("reconnected", "denied"),
      ] {
        let reply = try await ask(host, verb, as: "mallory")
        #expect(reply.contains("\"code\":\"\(code)\""), "\(verb.prefix(20)): \(reply)")
      }
      for verb in ["status", "ping", "version", "help"] {
        #expect(try await ask(host, verb, as: "mallory").contains("\"ok\":true"))
      }
      // A member of the group may, with the same token: it was not spent.
      #expect(try await ask(host, "unprotect \(token)", as: "ana").contains("\"ok\":true"))
      #expect(try await host.state == "unprotected")
    }
  }

  @Test("a thousand connections do not keep an operator out")
  func thousandConnections() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.write("/root/flood.pl", Self.flood)
      _ = try await machine.run(
        "setsid perl /root/flood.pl </dev/null >/root/flood.log 2>&1 & sleep 1")
      #expect(try await machine.must("cat /root/flood.log").contains("opened"))
      for user in ["ana", "root"] {
        let start = ContinuousClock.now
        let reply = try await ask(host, "unprotect \(host.token())", as: user)
        #expect(reply.contains("\"ok\":true"), "\(user): \(reply)")
        #expect(start.duration(to: .now) < Self.patience)
        #expect(try await ask(host, "protect", as: user).contains("\"ok\":true"))
      }
      try await host.expectProtected()
    }
  }

  @Test("root hammering with bad tokens does not keep an operator out")
  func hammering() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.write("/root/hammer.pl", Self.hammer)
      let bad = host.draft().with("tenant", "wholesale").text
      for _ in 1...3 {
        _ = try await machine.run(
          "setsid perl /root/hammer.pl \(bad) </dev/null >/root/hammer.log 2>&1 & sleep 0.3")
      }
      #expect(
        try await machine.eventually("grep -q rate_limited /root/hammer.log"),
        "too many failures are answered with less")
      for user in ["ana", "root"] {
        let start = ContinuousClock.now
        let reply = try await ask(host, "unprotect \(host.token())", as: user)
        #expect(reply.contains("\"ok\":true"), "\(user): \(reply)")
        #expect(start.duration(to: .now) < Self.patience)
        #expect(try await ask(host, "protect", as: user).contains("\"ok\":true"))
      }
      try await host.expectProtected()
    }
  }

  @Test(
    "root asking for everything in loops does not keep an operator out",
    arguments: [
      ["status", "watch"], ["guard add example-neighbour.service dry-run", "events since 1"],
      ["protect", "challenge", "reload", "doctor", "restart example-agent.service"],
    ])
  func loops(requests: [String]) async throws {
    try await withProtectedHost { host in
      try host.machine.write("/root/loop.pl", Self.loop)
      for request in requests {
        for _ in 1...16 {
          _ = try await host.machine.run(
            "setsid perl /root/loop.pl '\(request)' </dev/null >/dev/null 2>&1 &")
        }
      }
      try await Task.sleep(for: .seconds(1))
      for user in ["ana", "root"] {
        let start = ContinuousClock.now
        let token = host.token()
        var reply = ""
        // 5 s on a machine of its own; here three share two processors with each other, and each
        // has 80 who do nothing but ask: what is busy then spends nothing, and is asked again.
        repeat {
          reply = try await ask(host, "unprotect \(token)", as: user)
        } while reply.contains("\"busy\"") && start.duration(to: .now) < Self.patience
        #expect(reply.contains("\"ok\":true"), "\(user): \(reply)")
      }
    }
  }

  @Test("removing the socket's file is refused or healed")
  func socketFile() async throws {
    try await withProtectedHost { host in
      _ = try await host.machine.run("rm -f /run/holdfast/control.sock")
      #expect(try await host.machine.eventually("holdfast ping"))
    }
  }

  // MARK: Helpers

  /// How soon an operator gets in: 5 s on a machine of its own; here several share two processors.
  private static let patience = Duration.seconds(20)
  private static let connect = "socat -t 15 - UNIX-CONNECT:/run/holdfast/control.sock"
  /// Sends its input as it is, then says what came back, also where the other end stopped reading.
  private static let send = """
    perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; undef $/; my $all = <STDIN>;
      my $socket = IO::Socket::UNIX->new(Peer => "/run/holdfast/control.sock") or die "no socket";
      print $socket $all; $socket->shutdown(1); print <$socket>'
    """

  private func ask(_ host: ProtectedHost, _ line: String, as user: String) async throws -> String {
    try await host.machine.run(
      "printf '%s\\n' '\(line)' | runuser -u \(user) -- \(Self.connect)"
    ).text
  }

  private func daemonProcess(_ host: ProtectedHost) async throws -> String {
    try await host.machine.must("systemctl show --value -p MainPID holdfastd")
  }

  /// A thousand connections, held open; those that are closed by the other end stay counted.
  private static let flood = """
    use IO::Socket::UNIX;
    $SIG{PIPE} = 'IGNORE';
    $| = 1;
    my @open;
    for (1 .. 1000) {
      my $socket = IO::Socket::UNIX->new(Peer => '/run/holdfast/control.sock');
      push @open, $socket if $socket;
      print $socket 'unprotect half' if $socket && $_ % 2;
    }
    print scalar(@open), " opened\\n";
    sleep 60;
    """

  /// One request, again and again on connections of one and of many, for 30 s.
  private static let loop = """
    use IO::Socket::UNIX;
    $SIG{PIPE} = 'IGNORE';
    my $end = time + 30;
    while (time < $end) {
      my $socket = IO::Socket::UNIX->new(Peer => '/run/holdfast/control.sock') or next;
      my $count = rand() < 0.5 ? 1 : 20;
      print $socket "$ARGV[0]\n" x $count;
      for (1 .. $count) { last unless defined <$socket>; }
    }
    """

  /// The same bad token again and again, as fast as answers come, for a minute.
  private static let hammer = """
    use IO::Socket::UNIX;
    $SIG{PIPE} = 'IGNORE';
    $| = 1;
    my $end = time + 60;
    while (time < $end) {
      my $socket = IO::Socket::UNIX->new(Peer => '/run/holdfast/control.sock') or next;
      for (1 .. 100) {
        print $socket "unprotect $ARGV[0]\\n";
        my $reply = <$socket>;
        last unless defined $reply;
        print $reply if rand() < 0.01 || $reply =~ /rate_limited/ && !$said++;
      }
    }
    """
}
