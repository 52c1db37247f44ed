package import JSON

/// A root's public key as a JWK (RFC 8037): what signs trust bundles.
package struct PublicKey: Sendable, Equatable {
  package let kid: String
  /// The 32 bytes of the point; known to be valid.
  package let x: [UInt8]

  /// - Throws: `bundle_malformed` where it is not exactly `kty`, `crv`, `kid` and `x`, or no valid
  ///   point of the prime-order group.
  package init(jwk: JSON, scheme: any SignatureScheme) throws(Refusal) {
    var reader = ClaimReader(part: "Root key", code: .bundleMalformed)
    var fields = KeyFields()
    for member in try reader.object(jwk) where try !fields.take(member, &reader) {
      throw reader.unknown(member)
    }
    (kid, x) = try fields.key(reader, scheme)
  }

  package var jwk: JSON {
    ["kty": "OKP", "crv": "Ed25519", "kid": .string(kid), "x": .string(Base64URL.encode(x))]
  }
}

/// A signing key with the limits that the trust bundle attaches to it.
package struct SigningKey: Sendable, Equatable {
  package let kid: String
  /// The 32 bytes of the point; known to be valid.
  package let x: [UInt8]
  package let role: Role
  /// The only tenants that it may sign for; nil where it is not bound to any.
  package let tenants: [String]?
  /// It signs nothing from this second on; nil where it has no end.
  package let notAfter: Int64?
  /// Whether its profiles may loosen; only keys of the role `cluster` may have it.
  package let loosens: Bool

  /// - Throws: `bundle_malformed`: a member that is missing, unknown, of a wrong shape, or not for
  ///   that role; no valid point.
  package init(jwk: JSON, scheme: any SignatureScheme) throws(Refusal) {
    var reader = ClaimReader(part: "Signing key", code: .bundleMalformed)
    var fields = KeyFields()
    var role: Role?
    var tenants: [String]?
    var notAfter: Int64?
    var loosens = false
    for member in try reader.object(jwk) {
      switch member.name {
      case "role":
        guard let known = Role(rawValue: try reader.string(member)) else {
          throw reader.wrong(member, "is not a role")
        }
        role = known
      case "tenants":
        tenants = try reader.texts(member, .id)
        if tenants == [] { throw reader.wrong(member, "is empty") }
      case "not_after":
        notAfter = try reader.time(member)
      case "loosens":
        guard member.value == true else { throw reader.wrong(member, "can only be true") }
        loosens = true
      default:
        guard try fields.take(member, &reader) else { throw reader.unknown(member) }
      }
    }
    self.role = try reader.required(role, "role")
    switch self.role {
    case .tenantOwner: self.tenants = try reader.required(tenants, "tenants")
    case .siteAdmin, .customerSupport, .agentInstaller: self.tenants = tenants
    case .cluster, .release:
      guard tenants == nil else {
        throw reader.refusal("\"tenants\" is not for the role \(self.role.rawValue)")
      }
      self.tenants = nil
    }
    guard !loosens || self.role == .cluster else {
      throw reader.refusal("\"loosens\" is not for the role \(self.role.rawValue)")
    }
    self.loosens = loosens
    self.notAfter = notAfter
    (kid, x) = try fields.key(reader, scheme)
  }

  package var jwk: JSON {
    var members: [JSON.Member] = [
      .init(name: "kty", value: "OKP"), .init(name: "crv", value: "Ed25519"),
      .init(name: "kid", value: .string(kid)),
      .init(name: "x", value: .string(Base64URL.encode(x))),
      .init(name: "role", value: .string(role.rawValue)),
    ]
    if let tenants {
      members.append(.init(name: "tenants", value: .array(tenants.map { .string($0) })))
    }
    if let notAfter { members.append(.init(name: "not_after", value: .integer(notAfter))) }
    if loosens { members.append(.init(name: "loosens", value: true)) }
    return .object(members)
  }
}

/// The members that every JWK of ours has.
private struct KeyFields {
  private var type: String?
  private var curve: String?
  private var kid: String?
  private var x: [UInt8]?

  /// Takes the member if it is one of these; false where it is not. Once the `kid` is known, the
  /// reader's messages name it.
  mutating func take(
    _ member: JSON.Member, _ reader: inout ClaimReader
  ) throws(Refusal) -> Bool {
    switch member.name {
    case "kty":
      type = try reader.string(member)
      guard type?.hasSameUTF8(as: "OKP") == true else { throw reader.wrong(member, "is not OKP") }
    case "crv":
      curve = try reader.string(member)
      guard curve?.hasSameUTF8(as: "Ed25519") == true else {
        throw reader.wrong(member, "is not Ed25519")
      }
    case "kid":
      let text = try reader.text(member, .kid)
      kid = text
      reader = ClaimReader(part: "\(reader.part) \(text.quoted())", code: reader.code)
    case "x":
      guard let bytes = Base64URL.decode(try reader.string(member)), bytes.count == 32 else {
        throw reader.wrong(member, "is not 32 bytes in base64url")
      }
      x = bytes
    case "d":
      throw reader.wrong(member, "is a private part, which must never leave its owner")
    default:
      return false
    }
    return true
  }

  func key(
    _ reader: ClaimReader, _ scheme: any SignatureScheme
  ) throws(Refusal) -> (kid: String, x: [UInt8]) {
    _ = try reader.required(type, "kty")
    _ = try reader.required(curve, "crv")
    let kid = try reader.required(kid, "kid")
    let x = try reader.required(x, "x")
    guard scheme.isValidPublicKey(x) else {
      throw reader.refusal("\"x\" is not a valid point of Ed25519")
    }
    return (kid, x)
  }
}
