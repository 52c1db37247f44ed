package import JSON

/// What a host says to be enrolled.
package struct EnrolmentRequest: Sendable, Equatable {
  /// The secret of the registration token.
  package var token: String
  /// A certificate signing request (RFC 2986) for the link's key, as PEM.
  package var csr: String
  /// The id that the host would have in tokens.
  package var agent: String
  package var hostname: String
  /// What tells this machine from a copy of it: a hash.
  package var machine: String
  /// Of Holdfast.
  package var version: String

  package init(
    token: String, csr: String, agent: String, hostname: String, machine: String, version: String
  ) {
    self.token = token
    self.csr = csr
    self.agent = agent
    self.hostname = hostname
    self.machine = machine
    self.version = version
  }

  package var json: JSON {
    [
      "token": .string(token), "csr": .string(csr), "agent": .string(agent),
      "hostname": .string(hostname), "machine": .string(machine), "version": .string(version),
    ]
  }

  /// - Returns: nil where a member is missing, unknown, empty, or no string.
  package init?(_ json: JSON) {
    guard let members = json.members, members.count == 6 else { return nil }
    func text(_ name: String) -> String? {
      json[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
    guard let token = text("token"), let csr = text("csr"), let agent = text("agent"),
      let hostname = text("hostname"), let machine = text("machine"), let version = text("version")
    else { return nil }
    self.init(
      token: token, csr: csr, agent: agent, hostname: hostname, machine: machine, version: version)
  }
}

/// What an enrolled host gets.
package struct EnrolmentReply: Sendable, Equatable {
  package var cluster: String
  package var tenant: String
  package var agent: String
  /// The link's certificate, as PEM.
  package var certificate: String
  /// The authority that it and the server's lead to, as PEM.
  package var authority: String
  /// The root key that signed the bundle, as a JWK.
  package var root: JSON
  /// The trust bundle.
  package var bundle: String

  package init(
    cluster: String, tenant: String, agent: String, certificate: String, authority: String,
    root: JSON, bundle: String
  ) {
    self.cluster = cluster
    self.tenant = tenant
    self.agent = agent
    self.certificate = certificate
    self.authority = authority
    self.root = root
    self.bundle = bundle
  }

  package var json: JSON {
    [
      "cluster": .string(cluster), "tenant": .string(tenant), "agent": .string(agent),
      "certificate": .string(certificate), "authority": .string(authority), "root": root,
      "bundle": .string(bundle),
    ]
  }

  /// - Returns: nil where a member that is needed is missing or no string.
  package init?(_ json: JSON) {
    guard let cluster = json["cluster"]?.string, let tenant = json["tenant"]?.string,
      let agent = json["agent"]?.string, let certificate = json["certificate"]?.string,
      let authority = json["authority"]?.string, let root = json["root"],
      let bundle = json["bundle"]?.string
    else { return nil }
    self.init(
      cluster: cluster, tenant: tenant, agent: agent, certificate: certificate,
      authority: authority, root: root, bundle: bundle)
  }

  /// What holdfastd is asked to `enroll` with.
  package var forDaemon: JSON {
    [
      "root": root, "bundle": .string(bundle), "tenant": .string(tenant), "agent": .string(agent),
    ]
  }
}

/// The text of a registration token as people get it: its secret, and the fingerprint of the authority
/// that it is good with, so that a host that knows neither can trust the right cluster.
package struct RegistrationTokenText: Sendable, Equatable {
  package let secret: String
  /// SHA-256 of the authority's certificate (DER), base64url; nil where only the secret was given.
  package let fingerprint: String?

  package init(secret: String, fingerprint: String?) {
    self.secret = secret
    self.fingerprint = fingerprint
  }

  package var text: String { fingerprint.map { "\(secret).\($0)" } ?? secret }

  /// - Returns: nil for what is none: 32 to 64 characters of base64url, and perhaps a dot and 43 more.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, (32...64).contains(parts[0].utf8.count),
      parts.allSatisfy({ $0.utf8.allSatisfy(Self.isBase64URL) })
    else { return nil }
    if parts.count == 2, parts[1].utf8.count != 43 { return nil }
    secret = String(parts[0])
    fingerprint = parts.count == 2 ? String(parts[1]) : nil
  }

  private static func isBase64URL(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
