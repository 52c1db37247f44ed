package import AgentToken
internal import JSON

/// What a link knows of its cluster and of itself: one file, so that key and certificate are never a
/// mix of two.
package struct LinkState: Sendable, Equatable {
  package var endpoint: Endpoint
  package var identity: Identity
  /// What the server's certificate leads to, as PEM.
  package var authority: String
  /// The link's own, as PEM.
  package var certificate: String
  package var key: String

  package init(
    endpoint: Endpoint, identity: Identity, authority: String, certificate: String, key: String
  ) {
    self.endpoint = endpoint
    self.identity = identity
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }

  package var bytes: [UInt8] {
    let json: JSON = [
      "url": .string(endpoint.text), "cluster": .string(identity.cluster),
      "tenant": .string(identity.tenant), "agent": .string(identity.agent),
      "authority": .string(authority), "certificate": .string(certificate), "key": .string(key),
    ]
    return json.encodedBytes() + [UInt8(ascii: "\n")]
  }

  /// - Throws: `internal` for what is not a state that was written here.
  package init(bytes: [UInt8]) throws(Refusal) {
    let broken = Refusal(
      .internalError, "The link's state is damaged.", hint: "Enrol this host again.")
    guard let json = try? JSON.parse(bytes) else { throw broken }
    func text(_ name: String) throws(Refusal) -> String {
      guard let text = json[name]?.string else { throw broken }
      return text
    }
    endpoint = try Endpoint(text("url"))
    identity = try Identity(
      cluster: text("cluster"), tenant: text("tenant"), agent: text("agent"))
    authority = try text("authority")
    certificate = try text("certificate")
    key = try text("key")
  }
}
