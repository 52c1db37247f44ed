import AgentToken
import Cluster
import Crypto
import LinkMessages
import SwiftASN1
import Testing
import X509

@Suite("Agents' certificates")
struct AgentCertificateTests {
  private typealias Host = EnrolmentTests.Host

  private func presented(_ pem: String) throws -> PresentedCertificate {
    try #require(CertificateAuthority.presented(try PEMDocument(pemString: pem).derBytes))
  }

  private func enrolled() async throws -> (Office, Host, PresentedCertificate, AgentRecord) {
    let office = try await Office.open()
    let caller = try await office.caller(.siteAdministrator)
    let (_, text) = try await office.plane.createRegistrationTokens(
      caller, [RegistrationRequest(tenant: "retail")])[0]
    let host = Host()
    let certificate = try presented(
      try await office.plane.enrol(try host.request(text), source: "s").certificate)
    let record = try await office.plane.agent(certificate: certificate, machine: host.machine)
    return (office, host, certificate, record)
  }

  @Test func oneIsRenewedForTheKeyThatItHas() async throws {
    let (office, host, old, record) = try await enrolled()
    office.advance(by: 20 * 86_400)
    let pem = try await office.plane.renew(record, csr: try host.csr(), source: "192.0.2.7")
    let new = try presented(pem)
    #expect(new.expires == Office.noon + 20 * 86_400 + office.plane.settings.certificate)
    for certificate in [old, new] {
      let found = try await office.plane.agent(certificate: certificate, machine: host.machine)
      #expect(found.id == record.id)
      #expect(found.certificateSerial == new.serial)
    }
    #expect(
      try await refusalCode {
        _ = try await office.plane.renew(record, csr: try Host().csr(), source: "s")
      }?.rawValue == "invalid_request")
    // The old one has its end.
    office.advance(by: 10 * 86_400)
    #expect(
      try await refusalCode {
        _ = try await office.plane.agent(certificate: old, machine: host.machine)
      } == .agentUnknown)
  }

  @Test func aCopyOfAMachineIsToldApart() async throws {
    let (office, host, certificate, record) = try await enrolled()
    let machine = String(repeating: "c3", count: 32)
    // Both at once make one.
    async let first = office.plane.agent(certificate: certificate, machine: machine)
    async let second = office.plane.agent(certificate: certificate, machine: machine)
    let clones = try await [first, second]
    #expect(clones[0].id == clones[1].id)
    let clone = try await office.plane.agent(certificate: certificate, machine: machine)
    #expect(clone.id == clones[0].id && clone.id != record.id)
    #expect(clone.cloneOf == record.id)
    #expect(clone.ownProfile == nil && !clone.allowsHighAssurance)
    #expect(clone.ledger == LedgerPosition())
    let alarms = try await office.store.alarms(.all, isOpen: true, PageRequest()).items
    #expect(alarms.map(\.kind) == [.clone])
    #expect(alarms.map(\.tenant) == ["retail"])
    #expect(
      try await office.plane.agent(certificate: certificate, machine: host.machine).id
        == record.id)
    #expect(
      try await refusalCode {
        _ = try await office.plane.renew(clone, csr: try host.csr(), source: "s")
      } == .agentUnknown)
    // Nobody waits for it to be heard of, nor gives a use back.
    #expect(try await office.store.forgetPending(enrolledBefore: .max) == 1)
  }

  @Test func thereAreNotCopiesWithoutEnd() async throws {
    let (office, _, certificate, _) = try await enrolled()
    var refused = 0
    for index in 0..<20 {
      let machine = String(repeating: "d", count: 40) + "\(index)"
      let refusal = try await refusalCode {
        _ = try await office.plane.agent(certificate: certificate, machine: machine)
      }
      if refusal == .agentUnknown { refused += 1 }
    }
    #expect(refused == 4)
  }

  @Test func othersAreNobodys() async throws {
    let (office, host, certificate, record) = try await enrolled()
    let plane = office.plane
    func refused(_ cluster: String, _ tenant: String, _ agent: String, _ host: Host)
      async throws -> Refusal.Code?
    {
      let made = try plane.authority.certify(
        csr: try host.csr(), for: try Identity(cluster: cluster, tenant: tenant, agent: agent),
        at: Office.noon, lifetime: 86_400)
      return try await refusalCode {
        _ = try await plane.agent(certificate: presented(made.pem), machine: host.machine)
      }
    }
    #expect(try await refused("lab", "retail", "web-1", host) == nil)
    #expect(try await refused("other", "retail", "web-1", host) == .agentUnknown)
    #expect(try await refused("lab", "bank", "web-1", host) == .agentUnknown)
    #expect(try await refused("lab", "retail", "web-2", host) == .agentUnknown)
    #expect(try await refused("lab", "retail", "web-1", Host()) == .agentUnknown)
    #expect(
      try await refusalCode {
        _ = try await plane.agent(certificate: certificate, machine: "' OR 1=1 --")
      }?.rawValue == "invalid_request")
    try await office.store.retire(agent: record.id, audit: office.note)
    #expect(try await refused("lab", "retail", "web-1", host) == .agentUnknown)
  }
}
