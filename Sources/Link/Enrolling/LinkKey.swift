package import AgentToken
internal import Crypto
internal import SwiftASN1
internal import X509

/// The key of a link's certificate: P-256, made on the host and never leaving it.
package struct LinkKey: Sendable {
  private let key: P256.Signing.PrivateKey

  package init() { key = P256.Signing.PrivateKey() }

  /// - Parameter pem: PKCS #8.
  package init?(pem: String) {
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { return nil }
    self.key = key
  }

  package var pem: String { key.pemRepresentation }

  /// A certificate signing request (RFC 2986), as PEM. The name in it is for people: who the link is
  /// for is the cluster's to say.
  package func request() throws(Refusal) -> String {
    do {
      let request = try CertificateSigningRequest(
        version: .v1, subject: DistinguishedName { CommonName("holdfast-link") },
        privateKey: Certificate.PrivateKey(key), attributes: .init(),
        signatureAlgorithm: .ecdsaWithSHA256)
      return try request.serializeAsPEM().pemString
    } catch {
      throw Refusal(.internalError, "The certificate signing request cannot be made: \(error)")
    }
  }

  /// Whether a certificate is for this key: the first one of PEM.
  package func isCertified(by pem: String) -> Bool {
    guard let document = try? PEMDocument.parseMultiple(pemString: pem).first,
      let certificate = try? Certificate(pemDocument: document)
    else { return false }
    return certificate.publicKey == Certificate.PublicKey(key.publicKey)
  }
}
