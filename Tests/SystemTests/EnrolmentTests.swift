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
