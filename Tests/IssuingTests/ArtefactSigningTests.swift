import AgentToken
import Issuing
import JSON
import Linux
import Testing

/// What the issuer signs with its online keys, as a host takes it.
@Suite("Signing artefacts")
struct ArtefactSigningTests {
  private func verifier(_ workshop: Workshop) throws -> ArtefactVerifier {
    ArtefactVerifier(
      bundle: try workshop.enrolled(),
      identity: try Identity(cluster: "eu-prod", tenant: "retail", agent: "web-03"),
      scheme: Libsodium())
  }

  private func profile(_ settings: JSON = [:], loosens: Bool = false) -> ProfileRequest {
    ProfileRequest(agent: "web-03", enrolment: "e-1", settings: settings, loosens: loosens)
  }

  @Test func aProfileIsForItsHost() throws {
    let workshop = try Workshop.equipped()
    let signed = try workshop.issuer().sign(profile(["Protection": ["Mode": "enforce"]]))
    #expect(signed.content.signer.kid == "cluster-1")
    #expect(signed.content.version == Workshop.noon)
    let taken = try #require(
      try verifier(workshop).profile(
        Array(signed.text.utf8), enrolment: "e-1", after: (nil, 0),
        at: TrustedTime(now: Workshop.noon)))
    #expect(taken.expires == Workshop.noon + 86_400)
    #expect(taken.settings == ["Protection": ["Mode": "enforce"]])
    #expect(!taken.signer.loosens)
  }

  @Test func looseningTakesAKeyThatMay() throws {
    let workshop = try Workshop.equipped()
    #expect(
      refusal { _ = try workshop.issuer().sign(profile(loosens: true)) }?.code == .keyUnavailable)
    _ = try workshop.issuer().addKey(KeyRequest(role: .cluster, loosens: true))
    #expect(try workshop.issuer().sign(profile(loosens: true)).content.signer.kid == "cluster-2")
    // What need not loosen is signed by a key that cannot.
    #expect(try workshop.issuer().sign(profile()).content.signer.kid == "cluster-1")
    var request = profile()
    request.kid = "release-1"
    #expect(refusal { _ = try workshop.issuer().sign(request) }?.code == .keyUnavailable)
    request.kid = nil
    request.lifetime = 86_401
    #expect(refusal { _ = try workshop.issuer().sign(request) }?.code == .invalid)
  }

  @Test func revocationsAddUp() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let first = try issuer.sign(
      Revocations(kids: ["site-admin-1"], jtis: [], before: [:]))
    #expect(first.content.sequence == 1)
    let token = "jti-0123456789abcdef"
    let second = try issuer.sign(Revocations(kids: [], jtis: [token], before: ["k": 5]))
    #expect(second.content.sequence == 2)
    let list = try #require(
      try verifier(workshop).revocations(Array(second.text.utf8), after: (1, "")))
    #expect(
      list.revoked == Revocations(kids: ["site-admin-1"], jtis: [token], before: ["k": 5]))
    // What the bundle says by now need not be said twice.
    _ = try issuer.revokeToken(token)
    let third = try issuer.sign(.none)
    #expect(
      third.content.revoked == Revocations(kids: ["site-admin-1"], jtis: [], before: ["k": 5]))
    #expect(third.content.sequence == 3)
  }

  @Test func revocationsGoAboveWhatHostsHave() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    #expect(try issuer.revocations() == nil)
    _ = try issuer.sign(Revocations(kids: ["gone"], jtis: [], before: [:]))
    let next = try issuer.sign(.none, above: 41)
    #expect(next.content.sequence == 42)
    #expect(next.content.revoked.kids == ["gone"])
    #expect(try issuer.sign(.none, above: 7).content.sequence == 43)
    let last = try #require(try issuer.revocations())
    #expect(last.sequence == 43)
    #expect(
      try verifier(workshop).revocations(Array(last.text.utf8), after: (42, ""))?.sequence == 43)
  }

  /// What it signed between its backup and now is lost, and hosts have it.
  @Test func anIssuerThatWentBackIsAboveWhatItForgot() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let host = try workshop.enrolled()
    #expect(try issuer.floor() == 0)
    try Issuer.noteReturn(of: issuer.directory, at: 1_000_000)
    #expect(try issuer.floor() == 1_000_000)
    #expect(try issuer.sign(.none).content.sequence == 1_000_001)
    #expect(try issuer.sign(.none, above: 2_000_000).content.sequence == 2_000_001)
    let next = try issuer.addKey(KeyRequest(role: .release)).bundle
    #expect(next.sequence == 1_000_001)
    #expect(try issuer.revokeToken("jti-0123456789abcdef").bundle.sequence == 1_000_002)
    guard case .newer = try host.successor(jws: Array(next.jws.utf8), scheme: Libsodium()) else {
      Issue.record("a host does not take it")
      return
    }
    try Files.writeAtomically("\(issuer.directory)/went-back", "yesterday")
    #expect(refusal { _ = try issuer.sign(.none) }?.code.rawValue == "issuer_damaged")
  }

  @Test func manyProfilesAreSignedWithWhatWasReadOnce() throws {
    let workshop = try Workshop.equipped()
    #expect(
      refusal { _ = try workshop.issuer().profileSigner(loosens: true) }?.code == .keyUnavailable)
    let signer = try workshop.issuer().profileSigner(loosens: false)
    for version in Int64(1)...3 {
      var request = profile()
      request.version = version
      let signed = try signer.sign(request)
      #expect(
        try verifier(workshop).profile(
          Array(signed.text.utf8), enrolment: "e-1", after: (nil, 0),
          at: TrustedTime(now: Workshop.noon))?.version == version)
    }
    var request = profile()
    request.agent = "a b"
    #expect(refusal { _ = try signer.sign(request) }?.code == .invalid)
  }

  @Test func timeAnswersAnAgent() throws {
    let workshop = try Workshop.equipped()
    let nonce = "AAECAwQFBgcICQoLDA0ODw"
    let signed = try workshop.issuer().signTime(agent: "web-03", nonce: nonce)
    let time = try verifier(workshop).time(Array(signed.text.utf8)) {
      $0 == nonce ? .good(elapsed: 3) : .unknown
    }
    #expect(time.issuedAt == Workshop.noon)
    #expect(
      refusal { _ = try workshop.issuer().signTime(agent: "web-03", nonce: "x") }?.code.rawValue
        == "time_malformed")
  }
}
