import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// What else is signed: profiles, revocations, times and release manifests, by code and order.
@Suite("Signed artefacts")
struct ArtefactTests {
  private let nonce = "AAECAwQFBgcICQoLDA0ODw"
  private let package: JSON = [
    "name": "filebeat", "version": "1:8.14.2-1~deb13", "architecture": "amd64",
    "files": ["/usr/bin/filebeat": .string(String(repeating: "0a", count: 32))],
    "links": ["/usr/bin/fb": "filebeat"],
    "scripts": ["postinst": .string(String(repeating: "ff", count: 32))],
  ]

  private func verifier(
    _ bundle: JWSDraft? = nil, revoked: Revocations? = nil
  ) throws -> ArtefactVerifier {
    ArtefactVerifier(
      bundle: try authority.enrolled(bundle), identity: try authority.identity(), revoked: revoked,
      scheme: sodium)
  }

  /// What a verifier says to an artefact of whichever kind; nil where it takes it.
  private func judged(
    _ kind: ArtefactType, _ text: [UInt8], by verifier: ArtefactVerifier? = nil
  ) throws -> Refusal? {
    let verifier = try verifier ?? self.verifier()
    return refusal { () throws(Refusal) in
      switch kind {
      case .bundle: _ = try authority.enrolled()
      case .profile:
        _ = try verifier.profile(
          text, enrolment: MintingAuthority.enrolment, after: (nil, 0), at: TrustedTime(now: now))
      case .revocations: _ = try verifier.revocations(text, after: (0, ""))
      case .time: _ = try verifier.time(text) { _ in .good(elapsed: 7) }
      case .release: _ = try verifier.release(text)
      }
    }
  }

  private func draft(_ kind: ArtefactType) -> JWSDraft {
    switch kind {
    case .bundle: authority.bundle()
    case .profile: authority.profile()
    case .revocations: authority.revocations()
    case .time: authority.time(nonce: nonce)
    case .release: authority.release([package])
    }
  }

  private static let kinds: [ArtefactType] = [.profile, .revocations, .time, .release]

  @Test(arguments: kinds) func aGoodOneIsTaken(_ kind: ArtefactType) throws {
    #expect(try judged(kind, draft(kind).bytes) == nil)
    #expect(try judged(kind, draft(kind).withHeader("alg", "EdDSA").bytes) == nil)
    #expect(ArtefactType.claimed(by: draft(kind).bytes) == kind)
  }

  @Test(arguments: kinds) func theHeaderIsThatOfItsKind(_ kind: ArtefactType) throws {
    let good = draft(kind)
    func code(_ draft: JWSDraft) throws -> String? {
      try judged(kind, draft.bytes)?.code.rawValue
    }
    let word = kind.verb
    #expect(try code(good.withHeader("alg", "none")) == "\(word)_malformed")
    #expect(try code(good.withHeader("crit", "x")) == "\(word)_malformed")
    for other in ArtefactType.allCases.map(\.rawValue) + ["agent-token+jwt"]
    where other != kind.rawValue {
      #expect(try code(good.withHeader("typ", .string(other))) == "\(word)_malformed")
    }
    #expect(try code(good.withHeader("kid", "k 1")) == "\(word)_malformed")
    #expect(try code(good.withHeader("kid", "k-other")) == "\(word)_unknown_key")
    // Every key of another role, and the root, although each signature holds.
    for role in Role.allCases where role != kind.role {
      let signed = good.signed(by: authority.pair(for: role), kid: MintingAuthority.kid(for: role))
      #expect(try code(signed) == "\(word)_unknown_key")
    }
    #expect(
      try code(good.signed(by: authority.root, kid: authority.rootKid)) == "\(word)_unknown_key")
    let other = MintingAuthority(number: 9)
    let kid = try #require(kind.role.map(MintingAuthority.kid))
    #expect(try code(good.signed(by: other.root, kid: kid)) == "\(word)_bad_signature")
    #expect(
      try judged(kind, [UInt8](repeating: 0x41, count: 256 << 10 + 1))?.code.rawValue
        == "\(word)_malformed")
  }

  @Test(arguments: kinds) func everyMemberIsNeededAndNoOtherIsTaken(_ kind: ArtefactType) throws {
    let good = draft(kind)
    func code(_ draft: JWSDraft) throws -> String? {
      try judged(kind, draft.bytes)?.code.rawValue
    }
    for member in good.payload.members ?? [] {
      if member.name != "jtis" {
        #expect(try code(good.with(member.name, nil)) == "\(kind.verb)_malformed", "\(member.name)")
      }
      #expect(try code(good.with(member.name, .null)) == "\(kind.verb)_malformed", "\(member.name)")
      #expect(
        try code(good.with(member.name, [.null])) == "\(kind.verb)_malformed", "\(member.name)")
    }
    #expect(try code(good.with("x", 1)) == "\(kind.verb)_malformed")
    #expect(try code(good.with("cluster", "eu-test")) == "\(kind.verb)_wrong_cluster")
    // The signature is looked at before the payload.
    let spoilt = good.text(payload: Array("{".utf8))
    #expect(try judged(kind, Array(spoilt.utf8))?.code.rawValue == "\(kind.verb)_malformed")
    let forged = good.with("x", 1).signed(
      by: MintingAuthority(number: 9).root, kid: try #require(kind.role.map(MintingAuthority.kid)))
    #expect(try code(forged) == "\(kind.verb)_bad_signature")
  }

  @Test(arguments: kinds) func keysEndAndAreRevoked(_ kind: ArtefactType) throws {
    let role = try #require(kind.role)
    let good = draft(kind)
    let issued = try #require(good.payload["iat"]?.integer)
    func code(_ verifier: ArtefactVerifier) throws -> String? {
      try judged(kind, good.bytes, by: verifier)?.code.rawValue
    }
    func ending(_ at: Int64) -> JWSDraft {
      authority.bundle(keys: [
        authority.keyJWK(role, [.init(name: "not_after", value: .integer(at))])
      ])
    }
    #expect(try code(verifier(ending(issued))) == "\(kind.verb)_key_expired")
    #expect(try code(verifier(ending(issued + 1))) == nil)
    let kid = MintingAuthority.kid(for: role)
    for (revoked, expected) in [
      (Revocations(kids: [kid], jtis: [], before: [:]), "key_revoked"),
      (Revocations(kids: [], jtis: [], before: [kid: issued + 1]), "revoked"),
    ] {
      #expect(try code(verifier(revoked: revoked)) == "\(kind.verb)_\(expected)")
      #expect(
        try code(verifier(authority.bundle(revoked: revoked.json))) == "\(kind.verb)_\(expected)")
    }
    #expect(
      try code(verifier(revoked: Revocations(kids: [], jtis: [], before: [kid: issued]))) == nil)
  }

  // MARK: Profiles

  private func profile(
    _ draft: JWSDraft, after current: SignedProfile? = nil, version: Int64? = nil,
    at time: TrustedTime = TrustedTime(now: now), enrolment: String = MintingAuthority.enrolment
  ) throws -> Result<SignedProfile?, Refusal> {
    let verifier = try verifier()
    return Result { () throws(Refusal) in
      try verifier.profile(
        draft.bytes, enrolment: enrolment,
        after: (current, version ?? current?.version ?? 0), at: time)
    }
  }

  private func code<Value>(_ result: Result<Value, Refusal>) -> String? {
    if case .failure(let refusal) = result { refusal.code.rawValue } else { nil }
  }

  @Test func aProfileSaysWhatItSays() throws {
    let taken = try #require(try profile(authority.profile()).get())
    #expect(taken.version == 3)
    #expect(taken.settings == ["Protection": ["MaxWindowSec": "30min"]])
    #expect(taken.signer.kid == "k-cluster")
    let stored = try SignedProfile.restore(
      jws: Array(taken.jws.utf8), signer: taken.signer, scheme: sodium)
    #expect(stored == taken)
    let changed = authority.profile(version: 4)
    let refused = refusal { () throws(Refusal) in
      try SignedProfile.restore(
        jws: changed.signed(by: MintingAuthority(number: 9).root, kid: "k-cluster").bytes,
        signer: taken.signer, scheme: sodium)
    }
    #expect(refused?.code.rawValue == "profile_bad_signature")
  }

  @Test func aProfileIsForOneEnrolmentOfOneAgent() throws {
    let good = authority.profile()
    #expect(code(try profile(good.with("agent", "web-2"))) == "profile_wrong_agent")
    #expect(code(try profile(good, enrolment: "other")) == "profile_wrong_enrolment")
  }

  @Test func aProfilesVersionOnlyRises() throws {
    let third = try #require(try profile(authority.profile()).get())
    #expect(try profile(authority.profile(), after: third).get() == nil)
    #expect(code(try profile(authority.profile(version: 2), after: third)) == "profile_older")
    #expect(
      code(try profile(authority.profile(["Protection": [:]]), after: third)) == "profile_conflict")
    #expect(try profile(authority.profile(version: 4), after: third).get()?.version == 4)
    let jump = third.version + (1 << 32)
    #expect(try profile(authority.profile(version: jump), after: third).get() != nil)
    #expect(
      code(try profile(authority.profile(version: jump + 1), after: third)) == "profile_jump")
    // Where the profile itself was lost, its version still counts.
    #expect(code(try profile(authority.profile(), version: 3)) == "profile_conflict")
    #expect(code(try profile(authority.profile(version: 0))) == "profile_malformed")
  }

  @Test func aProfileIsTakenOnlyForAWhile() throws {
    let good = authority.profile()
    let expires = now - 60 + 3_600
    #expect(code(try profile(good, at: TrustedTime(now: expires - 1))) == nil)
    #expect(code(try profile(good, at: TrustedTime(now: expires))) == "profile_expired")
    #expect(
      code(try profile(good, at: TrustedTime(now: now, hardFloor: expires))) == "profile_expired")
    // The one that holds goes on to hold.
    let third = try #require(try profile(good).get())
    #expect(try profile(good, after: third, at: TrustedTime(now: expires)).get() == nil)
    let issued = now - 60
    #expect(code(try profile(good.with("exp", .integer(issued + 86_400)))) == nil)
    #expect(code(try profile(good.with("exp", .integer(issued + 86_401)))) == "profile_malformed")
    #expect(code(try profile(good.with("exp", .integer(issued)))) == "profile_malformed")
  }

  @Test func looseningNeedsItsKeyAndAClock() throws {
    let plain = try #require(try profile(authority.profile()).get())
    func code(
      _ profile: SignedProfile, _ time: TrustedTime = TrustedTime(now: now)
    ) -> String? {
      refusal { () throws(Refusal) in
        try profile.checkLoosening(["[Protection] Mode"], at: time)
      }?.code.rawValue
    }
    #expect(code(plain) == "profile_loosens")
    let bundle = authority.bundle(keys: [
      authority.keyJWK(.cluster, [.init(name: "loosens", value: true)])
    ])
    let loosening = try #require(
      try verifier(bundle).profile(
        authority.profile().bytes, enrolment: MintingAuthority.enrolment, after: (nil, 0),
        at: TrustedTime(now: now)))
    #expect(code(loosening) == nil)
    #expect(
      code(loosening, TrustedTime(now: now, doubt: .rolledBack)) == "profile_clock_rolled_back")
    #expect(
      code(loosening, TrustedTime(now: now, doubt: .stateMissing)) == "profile_clock_state_missing")
    #expect(code(loosening, TrustedTime(now: now - 120)) == nil)
    #expect(code(loosening, TrustedTime(now: now - 121)) == "profile_clock_behind")
    let kid = loosening.signer.kid
    #expect(!loosening.isRevoked(by: .none))
    #expect(loosening.isRevoked(by: Revocations(kids: [kid], jtis: [], before: [:])))
    #expect(loosening.isRevoked(by: Revocations(kids: [], jtis: [], before: [kid: now])))
    #expect(!loosening.isRevoked(by: Revocations(kids: [], jtis: [], before: [kid: now - 60])))
  }

  // MARK: Revocations

  @Test func revocationsOnlyAdd() throws {
    let verifier = try verifier()
    let list = try #require(try verifier.revocations(authority.revocations().bytes, after: (0, "")))
    #expect(list.revoked.jtis == ["jti-0123456789abcdef"])
    let here = (list.sequence, list.payloadText)
    #expect(try verifier.revocations(authority.revocations().bytes, after: here) == nil)
    func code(_ draft: JWSDraft) -> String? {
      refusal { () throws(Refusal) in try verifier.revocations(draft.bytes, after: here) }?.code
        .rawValue
    }
    #expect(code(authority.revocations(sequence: 4)) == "revocations_older")
    #expect(code(authority.revocations().with("kids", ["k-x"])) == "revocations_conflict")
    #expect(code(authority.revocations(sequence: 6)) == nil)
    #expect(code(authority.revocations(sequence: 6 + (1 << 32))) == "revocations_jump")
    #expect(
      code(authority.revocations(sequence: 6).with("jtis", ["short"])) == "revocations_malformed")

    let mine = Revocations(kids: ["a"], jtis: ["j"], before: ["k": 5, "l": 7])
    let theirs = Revocations(kids: ["b"], jtis: [], before: ["k": 6, "l": 3])
    let both = mine.union(theirs)
    #expect(both == Revocations(kids: ["a", "b"], jtis: ["j"], before: ["k": 6, "l": 7]))
    #expect(
      both.subtracting(theirs) == Revocations(kids: ["a"], jtis: ["j"], before: ["l": 7]))
  }

  @Test func tokensFeelThem() throws {
    let bundle = try authority.enrolled()
    func code(_ revoked: Revocations) throws -> String? {
      let verifier = TokenVerifier(
        bundle: bundle, identity: try authority.identity(),
        revoked: bundle.revoked.union(revoked), scheme: sodium)
      return try AgentTokenTests.judged(authority.token().bytes, by: verifier)?.code.rawValue
    }
    #expect(try code(.none) == nil)
    let kid = MintingAuthority.kid(for: .siteAdmin)
    #expect(try code(Revocations(kids: [kid], jtis: [], before: [:])) == "key_revoked")
    #expect(
      try code(Revocations(kids: [], jtis: ["jti-0123456789abcdef"], before: [:]))
        == "token_revoked")
    #expect(try code(Revocations(kids: [], jtis: [], before: [kid: now])) == "token_revoked")
  }

  // MARK: Time

  @Test func aTimeAnswersAChallenge() throws {
    let verifier = try verifier()
    let time = authority.time(nonce: nonce)
    func judged(_ draft: JWSDraft, _ verdict: ChallengeVerdict) -> Result<SignedTime, Refusal> {
      Result { () throws(Refusal) in
        try verifier.time(draft.bytes) { $0 == nonce ? verdict : .unknown }
      }
    }
    let taken = try judged(time, .good(elapsed: 7)).get()
    #expect(taken.issuedAt == now)
    #expect(taken.elapsed == 7)
    #expect(taken.kid == "k-cluster")
    #expect(code(judged(time, .expired(elapsed: 901))) == "time_challenge_expired")
    #expect(
      code(judged(authority.time(nonce: "AQECAwQFBgcICQoLDA0ODw"), .good(elapsed: 0)))
        == "time_challenge_unknown")
    #expect(code(judged(time.with("agent", "web-2"), .good(elapsed: 0))) == "time_wrong_agent")
    // The last character of a nonce has two bits to spare.
    #expect(
      code(judged(time.with("nonce", "AAECAwQFBgcICQoLDA0ODx"), .good(elapsed: 0)))
        == "time_malformed")
  }

  // MARK: Releases

  @Test func aReleaseListsItsFiles() throws {
    let taken = try verifier().release(authority.release([package]).bytes)
    #expect(taken.packages.map(\.json) == [package])
    #expect(
      try ReleaseManifest.restore(jws: Array(taken.jws.utf8), signer: taken.signer, scheme: sodium)
        == taken)
  }

  @Test(
    arguments: [
      ("name", "File Beat"), ("name", ""), ("version", "1/2"), ("architecture", "amd 64"),
      ("files", ["relative": "00"]), ("files", ["/usr/bin/x": "00"]), ("files", []),
      ("links", ["/usr/../x": "y"]), ("links", ["/usr/x": ""]),
      ("links", ["/usr/bin/filebeat": "y"]),
      ("scripts", ["triggers": .string(String(repeating: "00", count: 32))]),
      ("scripts", ["postinst": .string(String(repeating: "0A", count: 32))]), ("extra", 1),
    ] as [(String, JSON)])
  func aReleaseIsStrict(_ name: String, _ value: JSON) throws {
    let members = (package.members ?? []).filter { $0.name != name }
    let spoilt = JSON.object(members + [.init(name: name, value: value)])
    #expect(
      try judged(.release, authority.release([spoilt]).bytes)?.code.rawValue == "release_malformed")
  }

  @Test func aReleaseNamesAPackageOnce() throws {
    #expect(
      try judged(.release, authority.release([package, package]).bytes)?.code.rawValue
        == "release_malformed")
    #expect(
      try judged(.release, authority.release([]).bytes)?.code.rawValue == "release_malformed")
  }

  @Test func noMutantIsTaken() throws {
    let verifier = try verifier()
    for kind in Self.kinds {
      let good = draft(kind).bytes
      for position in stride(from: 0, to: good.count, by: 3) {
        var text = good
        text[position] ^= UInt8(1 << (position % 6))
        #expect(try judged(kind, text, by: verifier) != nil, "\(kind) \(position)")
      }
    }
  }
}
