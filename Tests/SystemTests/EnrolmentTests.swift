import JSON
import TestSupport
import Testing

/// Becoming a host of a cluster.
@Suite(.bootsMachines)
struct EnrolmentTests {
  @Test("a host that is not enrolled says so, and protects nothing")
  func notEnrolled() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      try await ProtectedDisk.installExamples(on: machine)
      let host = ProtectedHost(machine: machine)
      #expect(try await host.state == "unmanaged")
      let refused = try await machine.run("holdfast unprotect --json -", input: host.token())
      #expect(refused.status == 5 && refused.text.contains("not_enrolled"), "\(refused)")
      for command in ["systemctl restart example-agent", "systemctl restart holdfastd"] {
        try await host.allows(command)
      }
    }
  }

  @Test("a second enrolment while protected is refused, with another cluster or the same name")
  func second() async throws {
    try await withProtectedHost { host in
      let others = [
        ("ours", MintingAuthority(cluster: "eu-prod", rootKid: "other", number: 7)),
        ("theirs", MintingAuthority(cluster: "mallory", number: 9)),
      ]
      for (name, cluster) in others {
        try host.writeEnrolment(of: cluster, as: name)
        let output = try await host.machine.run(
          """
          holdfast enroll --json --bundle /root/\(name).bundle --root /root/\(name).root \
            --tenant retail --agent web-1
          """)
        #expect(output.status == 1 && output.text.contains("\"protected\""), "\(output)")
      }
      try await host.expectProtected()
      try await host.unprotect()
    }
  }

  @Test("over the network: the link asks without rights, and the daemon has the last word")
  func overTheNetwork() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      let host = ProtectedHost(machine: machine)
      try machine.write("/usr/libexec/holdfast/holdfast-link", Self.link)
      try machine.write("/srv/good", Self.answer(of: host.cluster))
      let other = MintingAuthority(cluster: "mallory", number: 9)
      try machine.write("/srv/forged", Self.answer(of: host.cluster, root: other.rootJWK))
      func enroll(_ token: String, _ options: String = "") async throws -> CommandOutput {
        try await machine.run(
          "holdfast enroll --json --cluster https://eu-prod.example:8443 --token - \(options)",
          input: token + "\n")
      }
      let state = "/var/lib/holdfast-link"

      let refused = try await enroll("used-up")
      #expect(refused.status == 1 && refused.text.contains(#""code":"used_up""#), "\(refused)")
      #expect(try await enroll("broken").status == 1)
      let forged = try await enroll("forged")
      #expect(forged.text.contains(#""code":"bundle_"#), "\(forged)")
      #expect(try await machine.must("ls \(state)").isEmpty, "the link forgot it")
      #expect(try await host.state == "unmanaged")

      try machine.write("/root/ca.pem", "CERTIFICATE\n")
      let done = try await enroll("good", "--ca /root/ca.pem")
      #expect(done.succeeded && done.text.contains(#""agent":"web-1""#), "\(done)")
      #expect(try await machine.must("cat \(state)/told") == "good\nCERTIFICATE")
      let seen = try await machine.must("cat \(state)/seen")
      #expect(
        seen.contains("--agent host-") && seen.contains("--machine ") && !seen.contains("good"))
      #expect(seen.contains("uid \(try await machine.must("id -u holdfast-link"))\nNoNewPrivs:\t1"))
      #expect(try await machine.must("systemctl is-active holdfast-link") == "active")
      #expect(try await machine.must("systemctl is-enabled holdfast-link") == "enabled")
      #expect(try await host.becomesProtected())

      // Nothing is spent where the daemon would refuse.
      try await machine.must("rm \(state)/seen")
      let again = try await enroll("good")
      #expect(again.status == 1 && again.text.contains(#""code":"protected""#), "\(again)")
      #expect(try await !machine.run("test -e \(state)/seen").succeeded)
    }
  }

  /// Stands in for the link: what a cluster would answer lies in /srv, by the token's name.
  private static let link = """
    #!/bin/sh
    cd /var/lib/holdfast-link
    case $1 in
    enroll)
      { echo "$@"; echo "uid $(id -u)"; grep NoNewPrivs /proc/self/status; } >seen
      cat >told
      case $(head -n 1 told) in
      used-up) echo '{"error":{"code":"used_up","message":"It is used up."}}'; exit 1 ;;
      broken) exit 3 ;;
      *) : >agent.json; cat "/srv/$(head -n 1 told)" ;;
      esac ;;
    forget) rm -f -- * ;;
    run) exec perl -MIO::Socket::UNIX -e '
      my $manager = IO::Socket::UNIX->new(Peer => $ENV{NOTIFY_SOCKET}, Type => SOCK_DGRAM) or die;
      print $manager "READY=1"; $manager->flush; sleep 600' ;;
    esac
    """

  /// What the link says when a cluster took a host in.
  private static func answer(of cluster: MintingAuthority, root: JSON? = nil) -> String {
    let enrolment: JSON = [
      "root": root ?? cluster.rootJWK,
      "bundle": .string(cluster.bundle(issuedAt: ProtectedHost.now - 86_400).text),
      "tenant": "retail", "agent": "web-1",
    ]
    let answer: JSON = [
      "cluster": "eu-prod", "tenant": "retail", "agent": "web-1", "enrolment": enrolment,
    ]
    return answer.encoded() + "\n"
  }

  @Test("tokens that are not for this host open nothing, each with its reason")
  func foreignTokens() async throws {
    try await withProtectedHost { host in
      let good = host.draft()
      for (token, code) in [
        (
          good.with("iat", .integer(ProtectedHost.now - 1000))
            .with("exp", .integer(ProtectedHost.now - 100)).text, "expired"
        ),
        (good.with("tenant", "wholesale").text, "wrong_tenant"),
        (good.with("iss", "us-prod").text, "wrong_cluster"),
        (good.with("aud", "something-else").text, "wrong_audience"),
        (good.with("exp", .integer(ProtectedHost.now + 5000)).text, "lifetime_exceeds_maximum"),
        (good.signed(by: MintingAuthority.pair(9, 9), kid: "k-site-admin").text, "bad_signature"),
        (good.signed(by: MintingAuthority.pair(9, 9), kid: "k-unknown").text, "unknown_key"),
        ("not.a.token", "malformed"),
      ] {
        let output = try await host.machine.run("holdfast unprotect --json -", input: token)
        #expect(output.status == 1 && output.text.contains("\"\(code)\""), "\(code): \(output)")
      }
      try await host.expectProtected()
    }
  }
}
