internal import JSON

/// The claims of a token, each of its exact type, shape and range; whether they may open anything
/// is not decided yet.
struct TokenClaims {
  let issuer: String
  /// What the token is for: any string, the verifier compares it.
  let audience: String
  let issuedAt: Int64
  let expires: Int64
  let jti: String
  let scope: Scope
  let tenant: String?
  let agent: String?
  let role: Role
  let subject: String?
  let nonce: String?
  let window: Int64?
  let services: [String]?
  let sequence: Int64?

  /// - Throws: `malformed`, naming the claim.
  init(_ payload: SignedPayload) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: .malformed)
    var fields = Fields()
    let limits = JSON.Limits(maxDepth: 4, maxMembers: 32, allowNegative: false)
    for member in try reader.object(payload.bytes, limits: limits) {
      try fields.take(member, reader)
    }
    issuer = try reader.required(fields.issuer, "iss")
    audience = try reader.required(fields.audience, "aud")
    issuedAt = try reader.required(fields.issuedAt, "iat")
    expires = try reader.required(fields.expires, "exp")
    jti = try reader.required(fields.jti, "jti")
    scope = try reader.required(fields.scope, "scope")
    role = try reader.required(fields.role, "role")
    (tenant, agent) = (fields.tenant, fields.agent)
    (subject, nonce) = (fields.subject, fields.nonce)
    (window, services, sequence) = (fields.window, fields.services, fields.sequence)
    try Self.check(tenant != nil, belongs: scope != .cluster, "tenant", scope, reader)
    try Self.check(agent != nil, belongs: scope == .agent, "agent", scope, reader)
    guard expires > issuedAt else { throw reader.refusal("\"exp\" is not after \"iat\"") }
  }

  private static func check(
    _ isThere: Bool, belongs: Bool, _ name: String, _ scope: Scope, _ reader: ClaimReader
  ) throws(Refusal) {
    guard isThere != belongs else { return }
    let problem = belongs ? "is missing" : "is not allowed"
    throw reader.refusal("\"\(name)\" \(problem) where the scope is \(scope.rawValue)")
  }
}

/// What has been read so far. The parser has refused names that stand twice.
private struct Fields {
  var issuer: String?
  var audience: String?
  var issuedAt: Int64?
  var expires: Int64?
  var jti: String?
  var scope: Scope?
  var tenant: String?
  var agent: String?
  var role: Role?
  var subject: String?
  var nonce: String?
  var window: Int64?
  var services: [String]?
  var sequence: Int64?

  mutating func take(_ member: JSON.Member, _ reader: ClaimReader) throws(Refusal) {
    switch member.name {
    case "iss": issuer = try reader.text(member, .id)
    case "aud": audience = try reader.string(member)
    case "iat": issuedAt = try reader.time(member)
    case "exp": expires = try reader.time(member)
    case "jti": jti = try reader.text(member, .jti)
    case "scope":
      scope = Scope(rawValue: try reader.string(member))
      if scope == nil { throw reader.wrong(member, "is not cluster, tenant or agent") }
    case "tenant": tenant = try reader.text(member, .id)
    case "agent": agent = try reader.text(member, .id)
    case "role":
      role = Role(rawValue: try reader.string(member))
      guard role?.signsTokens == true else {
        throw reader.wrong(member, "is not the role of a token")
      }
    case "sub": subject = try Self.subject(member, reader)
    case "nonce": nonce = try reader.nonce(member)
    case "window": window = try reader.integer(member, in: 60...86_400)
    case "services": services = try Self.services(member, reader)
    case "seq": sequence = try reader.sequence(member)
    default: throw reader.unknown(member)
    }
  }

  /// The operator's name: 1–128 scalars that cannot break a line of the audit trail.
  private static func subject(
    _ member: JSON.Member, _ reader: ClaimReader
  ) throws(Refusal) -> String {
    let text = try reader.string(member)
    guard (1...128).contains(text.unicodeScalars.count) else {
      throw reader.wrong(member, "is not 1 to 128 characters")
    }
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        throw reader.wrong(member, "holds a control, format or separator character")
      default: break
      }
    }
    return text
  }

  private static func services(
    _ member: JSON.Member, _ reader: ClaimReader
  ) throws(Refusal) -> [String] {
    let names = try reader.strings(member)
    guard (1...16).contains(names.count) else {
      throw reader.wrong(member, "does not hold 1 to 16 units")
    }
    guard names.allSatisfy(UnitName.isValid) else {
      throw reader.wrong(member, "holds something that is not a unit name with its suffix")
    }
    guard Set(names).count == names.count else {
      throw reader.wrong(member, "names a unit twice")
    }
    return names
  }
}
