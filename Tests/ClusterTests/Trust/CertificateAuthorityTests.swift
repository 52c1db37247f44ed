import AgentToken
import Cluster
import Crypto
import Linux
import SwiftASN1
import Testing
import X509

@Suite struct CertificateAuthorityTests {
  let authority: CertificateAuthority
  let key: String
  let identity: Identity

  init() throws {
    (authority, key) = try CertificateAuthority.make(cluster: "eu-prod")
    identity = try Identity(cluster: "eu/prod", tenant: "re:tail", agent: "web-1")
  }

  private func request(_ key: Certificate.PrivateKey) throws -> String {
    try CertificateSigningRequest(
      version: .v1, subject: try DistinguishedName { CommonName("anything") }, privateKey: key,
      attributes: .init()
    ).serializeAsPEM().pemString
  }

  @Test func anAgentIsNamedByItsCertificate() throws {
    let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let certified = try authority.certify(
      csr: request(own), for: identity, at: 1_800_000_000, lifetime: 86_400)
    let certificate = try Certificate(pemEncoded: certified.pem)
    let signer = try Certificate(pemEncoded: authority.pem).publicKey
    #expect(signer.isValidSignature(certificate.signature, for: certificate))
    #expect(certificate.publicKey == own.publicKey)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    let shown = try #require(CertificateAuthority.presented(serializer.serializedBytes))
    #expect(shown.identity == identity)
    #expect(shown.serial == certified.serial)
    #expect(shown.keyHash == certified.keyHash)
    #expect(shown.expires == 1_800_086_400)
  }

  @Test func aRequestThatIsNotSignedByItsKeyIsRefused() throws {
    let pem = try request(Certificate.PrivateKey(P256.Signing.PrivateKey()))
    var document = try PEMDocument(pemString: pem)
    document.derBytes[document.derBytes.count - 3] ^= 1
    for csr in ["", "nonsense", document.pemString, String(repeating: "A", count: 20_000)] {
      let refusal = #expect(throws: Refusal.self) {
        try authority.certify(csr: csr, for: identity, at: 0, lifetime: 60)
      }
      #expect(refusal?.code.rawValue == "invalid_request")
    }
  }

  @Test func itComesBackFromItsFilesAndFromNoOthers() throws {
    #expect(
      try CertificateAuthority(pem: authority.pem, key: key).fingerprint == authority.fingerprint)
    #expect(throws: Refusal.self) {
      try CertificateAuthority(
        pem: authority.pem, key: P256.Signing.PrivateKey().pemRepresentation)
    }
    #expect(authority.fingerprint.utf8.count == 43)
  }

  @Test(arguments: [
    "spiffe://eu-prod/tenant/retail/agent", "spiffe://eu-prod/tenant/retail/agent/web/1",
    "spiffe://eu-prod/tenant/re%74ail/agent/web-1", "https://eu-prod/tenant/retail/agent/web-1",
    "spiffe://eu-prod/tenant//agent/web-1", "spiffe://eu-prod/tenant/a%2/agent/web-1",
  ])
  func otherNamesAreNobodys(uri: String) {
    #expect(AgentURI.identity(uri) == nil)
  }

  @Test func anyIdGoesThroughAURI() {
    #expect(AgentURI.identity(AgentURI.text(identity)) == identity)
    #expect(AgentURI.text(identity) == "spiffe://eu%2Fprod/tenant/re%3Atail/agent/web-1")
  }
}
