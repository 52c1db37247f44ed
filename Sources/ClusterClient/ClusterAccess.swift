internal import AgentToken
package import Link
internal import NIOSSL

/// Where a cluster is, by what it is known, and who asks.
package struct ClusterAccess: Sendable {
  package enum Trust: Sendable, Equatable {
    /// The server's certificate leads to one of these, as PEM.
    case authority(String)
    /// To one of those that this system trusts.
    case system
  }

  package var endpoint: Endpoint
  package var trust: Trust
  /// An access token; nil for who is not logged in.
  package var token: String?

  package init(endpoint: Endpoint, trust: Trust, token: String? = nil) {
    self.endpoint = endpoint
    self.trust = trust
    self.token = token
  }

  /// TLS 1.3 and nothing older.
  func tls() throws(Refusal) -> TLSConfiguration {
    switch trust {
    case .authority(let pem):
      return ServerTrust.configuration(authorities: try ServerTrust.certificates(pem))
    case .system:
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.minimumTLSVersion = .tlsv13
      configuration.applicationProtocols = ["http/1.1"]
      return configuration
    }
  }
}
