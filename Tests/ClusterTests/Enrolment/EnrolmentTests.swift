import AgentToken
import Cluster
import Crypto
import Issuing
import LinkMessages
import SwiftASN1
import Testing
import X509

@Suite("Enrolment")
struct EnrolmentTests {
  /// A host that wants to be enrolled.
  struct Host {
    var agent = "web-1"
    var machine = String(repeating: "a1", count: 32)
    var key = Certificate.PrivateKey(P256.Signing.PrivateKey())

    func csr() throws -> String {
      try CertificateSigningRequest(
        version: .v1, subject: try DistinguishedName { CommonName("x") }, privateKey: key,
        attributes: .init()
      ).serializeAsPEM().pemString
    }

    func request(_ token: String) throws -> EnrolmentRequest {
      EnrolmentRequest(
        token: token, csr: try csr(), agent: agent, hostname: "\(agent).example",
        machine: machine, version: "1.0")
    }
  }

  /// An office, and a registration token of `retail`.
  private func office(
    uses: Int64 = 1, lifetime: RegistrationRequest.Lifetime = .seconds(3600)
  ) async throws -> (Office, RegistrationToken, text: String) {
    let office = try await Office.open()
    let caller = try await office.caller(.agentInstaller, ["retail"])
    let made = try await office.plane.createRegistrationTokens(
      caller, [RegistrationRequest(tenant: "retail", uses: uses, lifetime: lifetime)])[0]
    return (office, made.token, made.text)
  }

  private func usesLeft(_ office: Office, _ token: RegistrationToken) async throws -> Int64? {
    try await office.store.registrationToken(token.id)?.usesLeft
  }

  private func presented(_ pem: String) throws -> PresentedCertificate {
    try #require(CertificateAuthority.presented(try PEMDocument(pemString: pem).derBytes))
  }

  private func refused(_ office: Office, _ request: EnrolmentRequest, from source: String = "s")
    async throws -> Refusal.Code?
  {
    try await refusalCode { _ = try await office.plane.enrol(request, source: source) }
  }

  @Test(arguments: [true, false])
  func aHostGetsAllItNeeds(withFingerprint: Bool) async throws {
    let (office, token, text) = try await office()
    let host = Host()
    let given = withFingerprint ? text : try #require(RegistrationTokenText(text)).secret
    let reply = try await office.plane.enrol(try host.request(given), source: "192.0.2.7")
    #expect((reply.cluster, reply.tenant, reply.agent) == ("lab", "retail", "web-1"))
    #expect(reply.authority == office.plane.authority.pem)
    // As holdfastd takes it.
    let bundle = try TrustBundle.enrol(
      jws: Array(reply.bundle.utf8), root: PublicKey(jwk: reply.root, scheme: Libsodium()),
      scheme: Libsodium())
    #expect(bundle.cluster == "lab")
    let certificate = try presented(reply.certificate)
    #expect(
      certificate.identity == (try Identity(cluster: "lab", tenant: "retail", agent: "web-1")))

    let record = try await office.plane.agent(certificate: certificate, machine: host.machine)
    #expect(record.state == .pending)
    #expect((record.owner, record.ownerName) == (token.createdBy, token.creator))
    #expect(record.registrationToken == token.id)
    #expect(record.hostname == "web-1.example")
    #expect(try await usesLeft(office, token) == 0)
    let entry = try #require(try await office.audited().last)
    #expect(
      (entry.action, entry.source, entry.tenant, entry.target)
        == ("agent.enrol", "192.0.2.7", "retail", record.id))
  }

  @Test func whatTheTokenSaysTheAgentHas() async throws {
    let office = try await Office.open()
    try await office.profile("strict", tenant: nil)
    let caller = try await office.caller(.siteAdministrator)
    let (_, text) = try await office.plane.createRegistrationTokens(
      caller,
      [RegistrationRequest(tenant: "retail", profile: "strict", allowsHighAssurance: false)])[0]
    let reply = try await office.plane.enrol(try Host().request(text), source: "s")
    let record = try await office.plane.agent(
      certificate: presented(reply.certificate), machine: Host().machine)
    #expect(record.ownProfile == "strict")
    #expect(!record.allowsHighAssurance)
  }

  @Test func whatIsNoRequestIsRefusedBeforeTheTokenIsLookedAt() async throws {
    let (office, token, text) = try await office()
    let good = try Host().request(text)
    var bad: [EnrolmentRequest] = []
    for change: (inout EnrolmentRequest) -> Void in [
      { $0.token = "short" }, { $0.token += ".x" }, { $0.agent = "web 1" },
      { $0.agent = "web-1'; --" }, { $0.agent = String(repeating: "a", count: 129) },
      { $0.hostname = "a\nb" }, { $0.hostname = String(repeating: "a", count: 256) },
      { $0.version = String(repeating: "1", count: 65) }, { $0.machine = "x" },
      { $0.machine = String(repeating: "a", count: 129) },
    ] {
      var request = good
      change(&request)
      bad.append(request)
    }
    for request in bad {
      #expect(try await refused(office, request)?.rawValue == "invalid_request", "\(request)")
    }
    #expect(try await usesLeft(office, token) == 1)
    #expect(try await refused(office, good) == nil)
  }

  /// Disabled, moved, demoted, deleted: what somebody made is not worth more than they are.
  @Test func aTokenIsWorthWhatItsMakerMayDo() async throws {
    let (office, token, text) = try await office(uses: 3)
    let plane = office.plane
    let administrator = try await office.caller(.siteAdministrator)
    let first = Host()
    let enrolled = try await plane.enrol(try first.request(text), source: "s")
    func tried(_ number: Int) async throws -> Refusal.Code? {
      var host = Host(agent: "web-2")
      host.machine = String(repeating: "b\(number)", count: 32)
      return try await refused(office, try host.request(text))
    }
    let maker = token.createdBy
    func change(_ change: AccountChange) async throws {
      _ = try await plane.changeAccount(administrator, maker, change)
    }
    for change in [
      AccountChange(isDisabled: true), AccountChange(tenants: ["bank"], isDisabled: false),
      AccountChange(role: .auditor, tenants: ["retail"]),
    ] {
      _ = try await plane.changeAccount(administrator, maker, change)
      #expect(try await tried(1) == .registrationSuspended)
      // Nor does it give the answer again that was lost.
      #expect(try await refused(office, try first.request(text)) == .registrationSuspended)
      let listed = try await plane.registrationTokens(
        administrator, RegistrationTokenFilter(status: .suspended), PageRequest())
      #expect(listed.items.map(\.id) == [token.id])
      #expect(
        try await refusalCode { _ = try await plane.reveal(administrator, [token.id]) }
          == .registrationSuspended)
    }
    #expect(try await usesLeft(office, token) == 2)
    try await change(AccountChange(role: .agentInstaller))
    #expect(try await tried(2) == nil)
    try await plane.deleteAccount(administrator, maker)
    #expect(
      try await refused(office, try Host(agent: "web-3").request(text)) == .registrationSuspended)
    #expect(try await usesLeft(office, token) == 1)
    // What it enrolled stays.
    let record = try await plane.agent(
      certificate: presented(enrolled.certificate), machine: first.machine)
    #expect(record.agent == "web-1")
  }

  @Test func theTokenIsCheckedBeforeTheCSRAndThatBeforeTheAgent() async throws {
    let (office, token, text) = try await office(uses: 2)
    _ = try await office.plane.enrol(try Host().request(text), source: "s")
    var stranger = Host()
    stranger.machine = String(repeating: "b2", count: 32)
    var request = try stranger.request(text)
    #expect(try await refused(office, request) == .agentExists)
    request.csr = "nonsense"
    #expect(try await refused(office, request)?.rawValue == "invalid_request")
    var unknown = request
    unknown.token = office.plane.secrets.newSecret()
    #expect(try await refused(office, unknown) == .registrationUnknown)
    #expect(try await usesLeft(office, token) == 1)
    var second = Host()
    second.agent = "web-2"
    _ = try await office.plane.enrol(try second.request(text), source: "s")
    #expect(try await refused(office, request) == .registrationUsedUp)
    office.advance(by: 3600)
    #expect(try await refused(office, request) == .registrationExpired)
    // Also for who has used it.
    #expect(try await refused(office, try second.request(text)) == .registrationExpired)
    try await office.plane.revokeRegistrationTokens(
      try await office.caller(.siteAdministrator), [token.id])
    #expect(try await refused(office, request) == .registrationRevoked)
  }

  @Test func otherKeysThanThoseTwoAreNotTaken() async throws {
    let (office, token, text) = try await office()
    var host = Host()
    host.key = Certificate.PrivateKey(P384.Signing.PrivateKey())
    #expect(try await refused(office, try host.request(text))?.rawValue == "invalid_request")
    #expect(try await usesLeft(office, token) == 1)
    host.key = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
    #expect(try await refused(office, try host.request(text)) == nil)
  }

  @Test func ofTwoThatRaceForTheLastUseOneWins() async throws {
    for _ in 0..<10 {
      let (office, token, text) = try await office(uses: 2)
      let codes = try await withThrowingTaskGroup(of: Refusal.Code?.self) { group in
        for index in 0..<8 {
          var host = Host()
          host.agent = "web-\(index)"
          let request = try host.request(text)
          group.addTask { try await refused(office, request) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(codes.count { $0 == nil } == 2)
      #expect(codes.count { $0 == .registrationUsedUp } == 6)
      #expect(try await usesLeft(office, token) == 0)
      let agents = try await office.store.agents(.all, AgentFilter(), PageRequest()).items
      #expect(agents.count == 2)
    }
  }

  @Test func whoDidNotGetTheAnswerAsksAgain() async throws {
    let (office, token, text) = try await office()
    let host = Host()
    let first = try await office.plane.enrol(try host.request(text), source: "s")
    let again = try await office.plane.enrol(try host.request(text), source: "s")
    #expect(try await usesLeft(office, token) == 0)
    let (old, new) = (try presented(first.certificate), try presented(again.certificate))
    #expect(old.serial != new.serial)
    let record = try await office.plane.agent(certificate: new, machine: host.machine)
    #expect(record.certificateSerial == new.serial)
    // The first answer may have arrived after all.
    #expect(
      try await office.plane.agent(certificate: old, machine: host.machine).id == record.id)
    // Another machine that has the key and the token is another machine.
    var copy = host
    copy.machine = String(repeating: "b2", count: 32)
    #expect(try await refused(office, try copy.request(text)) == .registrationUsedUp)
  }

  @Test func theSameMachineEnrolsAnewUnderItsRecord() async throws {
    let (office, token, text) = try await office(uses: 3)
    let plane = office.plane
    let host = Host()
    let old = try presented(
      try await plane.enrol(try host.request(text), source: "s").certificate)
    let record = try await plane.agent(certificate: old, machine: host.machine)
    try await office.store.set(
      labels: ["rack": "7"], following: nil, of: record.id, audit: office.note)
    try await office.store.keep(
      report: AgentReport(
        protection: "protected", version: "1.0", clock: "in-step", enrolment: "e-1",
        bundleSequence: 1, revocationsSequence: 0, profileVersion: 0, status: "{}", doctor: nil,
        at: Office.noon), of: record.id)
    try await office.store.append(
      [LedgerLine(sequence: 1, time: Office.noon, event: "started", text: "{}")], to: record.id,
      from: 0,
      position: LedgerPosition(size: 1, lines: 1, peaks: [[UInt8](repeating: 1, count: 32)]),
      uses: [:], alarms: [])
    var anew = host
    anew.key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let new = try presented(
      try await plane.enrol(try anew.request(text), source: "s").certificate)
    let after = try await plane.agent(certificate: new, machine: host.machine)
    #expect(after.id == record.id)
    #expect(after.labels == ["rack": "7"])
    #expect(after.state == .active)
    #expect(after.report == nil)
    #expect(after.ledger == LedgerPosition())
    #expect(try await usesLeft(office, token) == 1)
    let entry = try #require(try await office.audited().last)
    #expect(entry.action == "agent.re-enrol")
    #expect(entry.details.contains("\"ledger_starts_anew_after\":1"))
    #expect(
      try await refusalCode {
        _ = try await plane.agent(certificate: old, machine: host.machine)
      } == .agentUnknown)
    // What is heard of is not forgotten, whenever it enrolled.
    #expect(try await office.store.forgetPending(enrolledBefore: .max) == 0)
  }

  @Test func anAgentOnAnotherMachineHasToBeRetiredFirst() async throws {
    let (office, token, text) = try await office(uses: 2)
    let plane = office.plane
    let old = try presented(
      try await plane.enrol(try Host().request(text), source: "s").certificate)
    let record = try await plane.agent(certificate: old, machine: Host().machine)
    var other = Host()
    other.machine = String(repeating: "b2", count: 32)
    #expect(try await refused(office, try other.request(text)) == .agentExists)
    try await office.store.retire(agent: record.id, audit: office.note)
    #expect(
      try await refusalCode {
        _ = try await plane.agent(certificate: old, machine: Host().machine)
      } == .agentUnknown)
    let new = try presented(
      try await plane.enrol(try other.request(text), source: "s").certificate)
    let after = try await plane.agent(certificate: new, machine: other.machine)
    #expect(after.id != record.id)
    #expect(try await usesLeft(office, token) == 0)
    #expect(
      try await refusalCode {
        _ = try await plane.agent(certificate: old, machine: Host().machine)
      } == .agentUnknown)
  }

  @Test func anAgentOfThatNameInAnotherTenantIsAnother() async throws {
    let (office, _, text) = try await office()
    let caller = try await office.caller(.siteAdministrator)
    let (_, other) = try await office.plane.createRegistrationTokens(
      caller, [RegistrationRequest(tenant: "bank")])[0]
    let host = Host()
    let first = try await office.plane.enrol(try host.request(text), source: "s")
    let second = try await office.plane.enrol(try host.request(other), source: "s")
    #expect(second.tenant == "bank")
    let records = [
      try await office.plane.agent(
        certificate: presented(first.certificate), machine: host.machine),
      try await office.plane.agent(
        certificate: presented(second.certificate), machine: host.machine),
    ]
    #expect(records.map(\.tenant) == ["retail", "bank"])
  }

  @Test func aUseThatNobodyWasHeardOfAfterComesBack() async throws {
    let (office, token, text) = try await office()
    let reply = try await office.plane.enrol(try Host().request(text), source: "s")
    #expect(try await office.store.forgetPending(enrolledBefore: Office.noon) == 0)
    #expect(try await office.store.forgetPending(enrolledBefore: Office.noon + 1) == 1)
    #expect(try await usesLeft(office, token) == 1)
    #expect(
      try await refusalCode {
        _ = try await office.plane.agent(
          certificate: presented(reply.certificate), machine: Host().machine)
      } == .agentUnknown)
    #expect(try await refused(office, try Host().request(text)) == nil)
  }

  @Test func guessingTokensIsSlowedForItsSource() async throws {
    let (office, _, text) = try await office()
    for _ in 0..<5 {
      let guess = try Host().request(office.plane.secrets.newSecret())
      #expect(try await refused(office, guess, from: "203.0.113.9") == .registrationUnknown)
    }
    let good = try Host().request(text)
    #expect(try await refused(office, good, from: "203.0.113.9") == .tooMany)
    #expect(try await refused(office, good, from: "203.0.113.10") == nil)
  }
}
