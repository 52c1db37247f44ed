import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// What a cluster signs besides tokens: profiles, revocations, time, and bundles in a chain.
@Suite(.bootsMachines)
struct ArtefactTests {
  @Test("a profile holds, only rises, and only loosens where its key may")
  func profiles() async throws {
    try await withProtectedHost { host in
      try await host.giveLooseningKey()
      let window = { (span: String) -> JSON in ["Protection": ["MaxWindowSec": .string(span)]] }
      // A key that may only tighten.
      try await host.takes(await host.profile(window("20min"), version: 1, tight: true))
      try await host.refusesImport(
        await host.profile(window("2h"), version: 2, tight: true), "profile_loosens")
      try await host.takes(await host.profile(window("2h"), version: 2))
      // Nothing old, nothing of another host, enrolment or key, and nothing that is not a setting.
      try await host.refusesImport(await host.profile(window("1h"), version: 1), "profile_older")
      try await host.refusesImport(await host.profile(window("1h"), version: 2), "profile_conflict")
      let next = try await host.profile(window("1h"), version: 3)
      for (draft, code) in [
        (next.with("agent", "web-2"), "profile_wrong_agent"),
        (next.with("enrolment", "AAECAwQFBgcICQoLDA0ODw"), "profile_wrong_enrolment"),
        (next.with("cluster", "mallory"), "profile_wrong_cluster"),
        (
          next.with("iat", .integer(ProtectedHost.now - 100))
            .with("exp", .integer(ProtectedHost.now - 1)), "profile_expired"
        ),
        (next.with("settings", ["Protection": ["Whim": "yes"]]), "profile_malformed"),
        (
          next.signed(by: host.cluster.pair(for: .siteAdmin), kid: "k-site-admin"),
          "profile_unknown_key"
        ),
        (next.signed(by: MintingAuthority.pair(9, 9), kid: "k-cluster"), "profile_bad_signature"),
      ] {
        try await host.refusesImport(draft, code)
      }
      // What it says is what counts, after a restart and without its file too.
      for _ in 1...2 {
        let token = host.token(window: 86_400)
        let opened = try await host.allows("holdfast unprotect --json \(token)")
        let until = try JSON.parse(Array(opened.line.utf8))["until"]?.integer ?? 0
        #expect((7_100...7_260).contains(until - ProtectedHost.now), "\(opened)")
        try await host.allows("systemctl restart holdfastd")
        try await host.expectProtected()
      }
      try await host.refusesImport(await host.profile(window("1h"), version: 1), "profile_older")
      // Stricter than a profile is always taken.
      try await host.allows(
        #"printf '[Protection]\nMaxWindowSec=10min\n' >/etc/holdfast/holdfast.conf; holdfast reload"#
      )
      let opened = try await host.allows("holdfast unprotect --json \(host.token(window: 86_400))")
      let until = try JSON.parse(Array(opened.line.utf8))["until"]?.integer ?? 0
      #expect(until - ProtectedHost.now <= 610, "\(opened)")
      // A window does not outlive a profile that is pushed.
      try await host.takes(await host.profile(window("2h"), version: 4))
      try await host.expectProtected()
    }
  }

  @Test("a profile switches protection off until another one switches it on, or its key is revoked")
  func off() async throws {
    try await withProtectedHost { host in
      try await host.giveLooseningKey()
      let off: JSON = ["Protection": ["Enabled": false]]
      try await host.refusesImport(
        await host.profile(off, version: 1, tight: true), "profile_loosens")
      try await host.expectProtected()
      try await host.takes(await host.profile(off, version: 2))
      #expect(try await host.state == "unmanaged")
      try await host.allows("systemctl restart example-agent; systemctl stop example-agent")
      try await host.allows("systemctl start example-agent; touch /usr/sbin/example-agent")
      // Nobody gets in by a token, becomes somebody else's, or closes it by hand.
      for command in [
        "holdfast unprotect \(host.token())", "holdfast protect",
        "holdfast enroll --bundle /root/eu-prod.bundle --root /root/eu-prod.root --tenant retail",
      ] {
        let refused = try await host.machine.run("\(command) --json")
        #expect(refused.status == 1 && refused.text.contains("\"unmanaged\""), "\(refused)")
      }
      try await host.allows("systemctl kill -s KILL holdfastd; sleep 1; holdfast ping")
      #expect(try await host.state == "unmanaged")
      try await host.machine.reboot()
      #expect(try await host.machine.eventually("holdfast ping"))
      #expect(try await host.state == "unmanaged")
      try await host.allows("systemctl restart example-agent")

      // On again, by a key that may not loosen.
      try await host.takes(await host.profile([:], version: 3, tight: true))
      try await host.expectProtected()

      // Off again, and its key is revoked.
      try await host.takes(await host.profile(off, version: 4))
      #expect(try await host.state == "unmanaged")
      let list = host.cluster.revocations(sequence: 1, issuedAt: ProtectedHost.now)
        .signed(by: ProtectedHost.tightKey, kid: ProtectedHost.tightKid)
        .with("kids", ["k-cluster"])
      try await host.takes(list)
      try await host.expectProtected()
      try await host.refusesImport(await host.profile(off, version: 5), "profile_key_revoked")
    }
  }

  @Test("revocations by an online key count at once, add up, and stay")
  func revocations() async throws {
    try await withProtectedHost { host in
      let draft = host.cluster.revocations(sequence: 3, issuedAt: ProtectedHost.now)
      let (jti, other) = (host.draft(), host.draft())
      try await host.takes(draft.with("jtis", .array([jti.payload["jti"] ?? .null])))
      try await host.takes(
        host.cluster.revocations(sequence: 4, issuedAt: ProtectedHost.now)
          .with("jtis", .array([other.payload["jti"] ?? .null])))
      try await host.refusesImport(draft, "revocations_older")
      for _ in 1...2 {
        for token in [jti, other] {
          let refused = try await host.machine.run("holdfast unprotect --json \(token.text)")
          #expect(refused.text.contains("\"token_revoked\""), "\(refused)")
        }
        try await host.allows("systemctl kill -s KILL holdfastd; sleep 1; holdfast ping")
      }
      try await host.takes(
        host.cluster.revocations(sequence: 5, issuedAt: ProtectedHost.now)
          .with("kids", ["k-site-admin"]))
      let refused = try await host.machine.run("holdfast unprotect --json \(host.token())")
      #expect(refused.text.contains("\"key_revoked\""), "\(refused)")
      try await host.expectProtected()
    }
  }

  @Test("signed time answers a challenge of this host, and nothing else")
  func time() async throws {
    try await withProtectedHost { host in
      let challenge = try await host.allows("holdfast challenge --json")
      let nonce = try #require(JSON.parse(Array(challenge.line.utf8))["nonce"]?.string)
      let time = host.cluster.time(nonce: nonce, issuedAt: ProtectedHost.now)
      try await host.refusesImport(time.with("agent", "web-2"), "time_wrong_agent")
      try await host.refusesImport(
        host.cluster.time(nonce: "AAECAwQFBgcICQoLDA0ODw", issuedAt: ProtectedHost.now),
        "time_challenge_unknown")
      try await host.takes(time)
      let status = try await host.status()
      #expect(status["clock"] == "wall")
    }
  }

  @Test("a host that was away for two new roots catches up with the chain, in one file")
  func chain() async throws {
    try await withProtectedHost { host in
      let roots = [MintingAuthority.pair(7, 1), MintingAuthority.pair(7, 2)]
      func jwk(_ index: Int) -> JSON { MintingAuthority.jwk("root-\(index + 2)", roots[index]) }
      let now = ProtectedHost.now
      let chain = [
        host.cluster.bundle(sequence: 50, issuedAt: now, roots: [host.cluster.rootJWK, jwk(0)]),
        host.cluster.bundle(sequence: 51, issuedAt: now, roots: [jwk(0)])
          .signed(by: roots[0], kid: "root-2"),
        host.cluster.bundle(sequence: 52, issuedAt: now, roots: [jwk(0), jwk(1)])
          .signed(by: roots[0], kid: "root-2"),
        host.cluster.bundle(sequence: 53, issuedAt: now, roots: [jwk(1)])
          .signed(by: roots[1], kid: "root-3"),
      ]
      try host.machine.write("/root/last", chain[3].text + "\n")
      let refused = try await host.machine.run("holdfast import --json /root/last")
      #expect(refused.text.contains("\"bundle_unknown_root\""), "\(refused)")
      try host.machine.write("/root/chain", chain.map { $0.text + "\n" }.joined())
      // Along with a token, too.
      try await host.allows("holdfast unprotect --bundle /root/chain \(host.token())")
      try await host.allows("holdfast import /root/chain")
      #expect(try await host.status()["bundle"]?["seq"] == 53)
      let old = host.cluster.bundle(sequence: 54, issuedAt: now)
      try host.machine.write("/root/old", old.text + "\n")
      let again = try await host.machine.run("holdfast import --json /root/old")
      #expect(again.text.contains("\"bundle_unknown_root\""), "\(again)")
    }
  }
}

extension ProtectedHost {
  /// A second online key, which may only tighten.
  fileprivate static let tightKey = MintingAuthority.pair(0, 77)
  fileprivate static let tightKid = "k-tight"

  /// A bundle whose `k-cluster` may loosen.
  fileprivate func giveLooseningKey() async throws {
    let keys =
      Role.allCases.map { role in
        cluster.keyJWK(role, role == .cluster ? [.init(name: "loosens", value: true)] : [])
      } + [
        MintingAuthority.jwk(
          Self.tightKid, Self.tightKey, [.init(name: "role", value: "cluster")])
      ]
    try await takes(
      cluster.bundle(sequence: 42, issuedAt: Self.now - 3_600, keys: keys))
  }

  fileprivate func profile(
    _ settings: JSON, version: Int64, tight: Bool = false
  ) async throws -> JWSDraft {
    let enrolment = try await status()["enrolment"]?.string ?? ""
    let draft = cluster.profile(
      settings, version: version, issuedAt: Self.now - 1, enrolment: enrolment)
    return tight ? draft.signed(by: Self.tightKey, kid: Self.tightKid) : draft
  }

  fileprivate func takes(
    _ draft: JWSDraft, _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await machine.run("holdfast import --json -", input: draft.text + "\n")
    #expect(output.succeeded, "\(output)", sourceLocation: sourceLocation)
  }

  fileprivate func refusesImport(
    _ draft: JWSDraft, _ code: String, _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await machine.run("holdfast import --json -", input: draft.text + "\n")
    #expect(
      output.status == 1 && output.text.contains("\"\(code)\""), "\(code): \(output)",
      sourceLocation: sourceLocation)
  }
}
