package import AgentToken
internal import Linux
package import NIOSSL

/// By what a cluster's server is known.
package enum ServerTrust {
  /// How TLS is spoken with it: 1.3 and nothing older, and a certificate that leads to one of these
  /// authorities and to none that this host trusts otherwise.
  package static func configuration(authorities: [NIOSSLCertificate]) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv13
    configuration.trustRoots = .certificates(authorities)
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }

  /// As above, and showing this certificate.
  package static func configuration(
    authority: String, certificate: String, key: String
  ) throws(Refusal) -> TLSConfiguration {
    var configuration = configuration(authorities: try certificates(authority))
    do {
      configuration.certificateChain = try certificates(certificate).map { .certificate($0) }
      configuration.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(
        .internalError, "The link's key cannot be read.", hint: "Enrol this host again.")
    }
    return configuration
  }

  /// Nobody in particular: only for asking for an authority whose fingerprint is known.
  package static var unverified: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv13
    configuration.certificateVerification = .none
    configuration.trustRoots = .certificates([])
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }

  /// - Throws: `bad_arguments` where there is none, or something that is none.
  package static func certificates(_ pem: String) throws(Refusal) -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)),
      !certificates.isEmpty
    else {
      throw Refusal(
        .badArguments, "There is no certificate where one is due.",
        hint: "It is PEM: -----BEGIN CERTIFICATE-----, as GET /link/v1/authority answers.")
    }
    return certificates
  }

  /// SHA-256 of the certificate (DER), base64url.
  package static func fingerprint(_ certificate: NIOSSLCertificate) -> String? {
    (try? certificate.toDERBytes()).map { Base64URL.encode(SHA256Hash.of($0)) }
  }
}
