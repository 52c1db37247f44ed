internal import NIOSSL

/// What the server shows, and what it asks of clients.
enum ServerTLS {
  /// TLS 1.3 and nothing older (RFC 8446). A client may show a certificate; if it does, that has to
  /// lead to the cluster's authority and be good now, or there is no connection.
  ///
  /// - Parameters: PEM.
  static func configuration(
    certificate: String, key: String, authority: String
  ) throws -> TLSConfiguration {
    let root = try NIOSSLCertificate(bytes: Array(authority.utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [
        .certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem)),
        // Who has only the authority's fingerprint finds it here.
        .certificate(root),
      ],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv13
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates([root])
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }
}
