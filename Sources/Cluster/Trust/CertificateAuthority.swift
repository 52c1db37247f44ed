package import AgentToken
internal import Crypto
internal import FoundationEssentials
internal import Issuing
internal import Linux
internal import SwiftASN1
internal import X509

/// What certifies a cluster's server and its agents' links: one self-signed certificate (RFC 5280),
/// which hosts pin when they enrol.
///
/// Its own certificate and the server's are good at any time: a host whose clock is wrong needs its
/// cluster most, and whom it trusts it knows by the key it pinned. An agent's certificate ends, and
/// the server's clock decides over it.
package struct CertificateAuthority: Sendable {
  /// As PEM.
  package let pem: String
  /// SHA-256 of the certificate (DER), base64url: what registration tokens carry.
  package let fingerprint: String
  private let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// A new authority, and its key as PEM, to be kept.
  package static func make(
    cluster: String
  ) throws(Refusal) -> (authority: CertificateAuthority, key: String) {
    do {
      let pair = P256.Signing.PrivateKey()
      let key = Certificate.PrivateKey(pair)
      let name = try DistinguishedName { CommonName("Holdfast \(cluster)") }
      let certificate = try Certificate(
        version: .v3, serialNumber: .init(), publicKey: key.publicKey,
        notValidBefore: Self.ever.from, notValidAfter: Self.ever.to, issuer: name, subject: name,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
          Critical(KeyUsage(keyCertSign: true, cRLSign: true))
          SubjectKeyIdentifier(hash: key.publicKey)
        }, issuerPrivateKey: key)
      let pem = try certificate.serializeAsPEM().pemString
      return (
        try CertificateAuthority(pem: pem, key: pair.pemRepresentation), pair.pemRepresentation
      )
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(.internalError, "The cluster's authority could not be made: \(error)")
    }
  }

  /// - Throws: `issuer_damaged` where these are no certificate and its key.
  package init(pem: String, key: String) throws(Refusal) {
    do {
      certificate = try Certificate(pemEncoded: pem)
      self.key = try Certificate.PrivateKey(pemEncoded: key)
      self.pem = pem
      fingerprint = Base64URL.encode(SHA256Hash.of(try Self.der(certificate)))
    } catch {
      throw Refusal(
        .init(rawValue: "authority_damaged"),
        "The cluster's authority cannot be read: \(error)", hint: "Restore it from a backup.")
    }
    guard certificate.publicKey == self.key.publicKey else {
      throw Refusal(
        .init(rawValue: "authority_damaged"), "The authority's key is not that of its certificate.",
        hint: "Restore both from one backup.")
    }
  }

  // MARK: Certifying

  /// A certificate for a server of these names, with a new key; both as PEM.
  ///
  /// - Parameter names: host names and addresses.
  package func certifyServer(
    names: [String]
  ) throws(Refusal) -> (certificate: String, key: String) {
    do {
      let pair = P256.Signing.PrivateKey()
      let alternatives = names.map { name in
        Self.address(name).map { GeneralName.ipAddress(.init(contentBytes: $0[...])) }
          ?? .dnsName(name)
      }
      let made = try issue(
        Certificate.PrivateKey(pair).publicKey,
        subject: try DistinguishedName { CommonName("Holdfast cluster server") },
        names: alternatives, usage: .serverAuth, validity: Self.ever)
      return (try made.serializeAsPEM().pemString, pair.pemRepresentation)
    } catch {
      throw Refusal(.internalError, "The server could not be certified: \(error)")
    }
  }

  /// A certificate for an agent's link.
  ///
  /// - Parameters:
  ///   - csr: a signing request (RFC 2986) as PEM; nothing of it counts but its key.
  ///   - lifetime: seconds.
  /// - Throws: `invalid_request` where the request is not signed by its own key, or that is of a kind
  ///   that is not taken.
  package func certify(
    csr: String, for identity: Identity, at now: Int64, lifetime: Int64
  ) throws(Refusal) -> CertifiedAgent {
    let key = try Self.requestedKey(csr)
    do {
      // An agent that enrols has a clock of its own; the server's is what counts.
      let made = try issue(
        key, subject: try DistinguishedName { CommonName("Holdfast agent") },
        names: [.uniformResourceIdentifier(AgentURI.text(identity))], usage: .clientAuth,
        validity: (Self.date(now - 86_400), Self.date(now + lifetime)))
      return CertifiedAgent(
        pem: try made.serializeAsPEM().pemString, serial: Hex.encode(made.serialNumber.bytes),
        keyHash: Self.hash(key), expires: now + lifetime)
    } catch {
      throw Refusal(.internalError, "The agent could not be certified: \(error)")
    }
  }

  private func issue(
    _ key: Certificate.PublicKey, subject: DistinguishedName, names: [GeneralName],
    usage: ExtendedKeyUsage.Usage, validity: (from: Date, to: Date)
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key, notValidBefore: validity.from,
      notValidAfter: validity.to, issuer: certificate.subject, subject: subject,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([usage])
        SubjectAlternativeNames(names)
        AuthorityKeyIdentifier(
          keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
        SubjectKeyIdentifier(hash: key)
      }, issuerPrivateKey: self.key)
  }

  private static func requestedKey(_ csr: String) throws(Refusal) -> Certificate.PublicKey {
    guard csr.utf8.count <= 16 << 10,
      let request = try? CertificateSigningRequest(pemEncoded: csr)
    else { throw Refusal(.invalid, "The csr is no certificate signing request.") }
    let key = request.publicKey
    guard P256.Signing.PublicKey(key) != nil || Curve25519.Signing.PublicKey(key) != nil else {
      throw Refusal(.invalid, "The csr has a key that is neither of P-256 nor Ed25519.")
    }
    guard key.isValidSignature(request.signature, for: request) else {
      throw Refusal(.invalid, "The csr is not signed by its own key.")
    }
    return key
  }

  // MARK: Reading

  /// What a certificate says that a client showed. That it leads to this authority, and is good now,
  /// is for TLS to check.
  ///
  /// - Parameter der: the certificate.
  /// - Returns: nil where it names no agent of a cluster.
  package static func presented(_ der: [UInt8]) -> PresentedCertificate? {
    guard let certificate = try? Certificate(derEncoded: der),
      let names = try? certificate.extensions.subjectAlternativeNames
    else { return nil }
    for name in names {
      guard case .uniformResourceIdentifier(let uri) = name,
        let identity = AgentURI.identity(uri)
      else { continue }
      return PresentedCertificate(
        identity: identity, serial: Hex.encode(certificate.serialNumber.bytes),
        keyHash: hash(certificate.publicKey),
        expires: Int64(certificate.notValidAfter.timeIntervalSince1970))
    }
    return nil
  }

  private static func hash(_ key: Certificate.PublicKey) -> String {
    SHA256Hash.hex(SHA256Hash.of(Array(key.subjectPublicKeyInfoBytes)))
  }

  private static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }

  private static let ever = (from: date(946_684_800), to: date(253_402_300_799))

  private static func date(_ seconds: Int64) -> Date {
    Date(timeIntervalSince1970: Double(seconds))
  }

  /// The bytes of an IP address; nil for what is a name.
  private static func address(_ text: String) -> [UInt8]? { IPAddress.bytes(of: text) }
}

/// An agent's certificate as it was made.
package struct CertifiedAgent: Sendable {
  package let pem: String
  /// In hexadecimal.
  package let serial: String
  /// SHA-256 of the public key, in hexadecimal.
  package let keyHash: String
  /// Seconds since the epoch.
  package let expires: Int64
}

/// An agent's certificate as it was shown.
package struct PresentedCertificate: Sendable, Equatable {
  package let identity: Identity
  package let serial: String
  package let keyHash: String
  package let expires: Int64
}
