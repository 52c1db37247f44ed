internal import AgentToken
internal import JSON
internal import Linux

/// Which key signs a token: the newest one of the right role that is usable here.
struct KeyChoice {
  let bundle: TrustBundle
  let keys: KeyStore
  /// Seconds since the epoch.
  let now: Int64
  let describe: @Sendable (Int64) -> String

  /// The roles that may sign a scope, the one with the fewest rights first.
  static func roles(for scope: Scope) -> [Role] {
    let preferred: [Role] =
      switch scope {
      case .cluster: [.siteAdmin]
      case .tenant: [.customerSupport, .tenantOwner, .siteAdmin]
      case .agent: [.agentInstaller]
      }
    return preferred.filter { $0.maySign(scope) }
  }

  /// - Throws: `scope_not_allowed` where the role asked for may not sign the scope,
  ///   `unknown_key`, `key_unavailable` where no key here can.
  func choose(for request: TokenRequest) throws(Refusal) -> (key: SigningKey, file: KeyFile) {
    if let kid = request.kid { return try named(kid, for: request) }
    if let role = request.role { try Self.check(role, request.scope) }
    var reasons: [String] = []
    for role in request.role.map({ [$0] }) ?? Self.roles(for: request.scope) {
      for key in bundle.keys.reversed() where key.role == role {
        let file = try keys.load(key.kid)
        if let file, let usable = usable(key, file, for: request) { return (usable, file) }
        reasons.append(obstacle(key, file, for: request))
      }
    }
    throw nothingUsable(request, reasons)
  }

  private func named(
    _ kid: String, for request: TokenRequest
  ) throws(Refusal) -> (key: SigningKey, file: KeyFile) {
    guard let key = bundle.keys.first(where: { $0.kid == kid }) else {
      throw Refusal(
        bundle.revoked.kids.contains(kid) ? .keyRevoked : .unknownKey,
        bundle.revoked.kids.contains(kid)
          ? "the key \(kid) is revoked"
          : "trust bundle \(bundle.sequence) lists no key \(kid.quoted())",
        hint: "See which there are with `holdfast-cluster key list`.")
    }
    if let role = request.role, role != key.role {
      throw Refusal(
        .scopeNotAllowed,
        "the key \(kid) is of the role \(key.role.rawValue), not \(role.rawValue)",
        hint: "Leave --role or --kid out.")
    }
    try Self.check(key.role, request.scope)
    let file = try keys.load(kid)
    guard let file, let key = usable(key, file, for: request) else {
      throw nothingUsable(request, [obstacle(key, file, for: request)])
    }
    return (key, file)
  }

  /// Whether a role may sign a scope at all.
  private static func check(_ role: Role, _ scope: Scope) throws(Refusal) {
    guard !role.maySign(scope) else { return }
    let scopes = Scope.allCases.filter { role.maySign($0) }.map(\.rawValue)
    let own = role == .tenantOwner ? " for its own tenant" : ""
    let may =
      scopes.isEmpty
      ? "it issues no tokens at all"
      : "it may issue \(scopes.joined(separator: " and ")) tokens\(own)"
    let others = roles(for: scope).map(\.rawValue)
    throw Refusal(
      .scopeNotAllowed, "\(role.rawValue) may not issue \(scope.rawValue) tokens; \(may)",
      hint: "For \(scope.rawValue) tokens use --role \(others.joined(separator: ", or ")).")
  }

  private func usable(
    _ key: SigningKey, _ file: KeyFile, for request: TokenRequest
  ) -> SigningKey? {
    obstacle(key, file, for: request).isEmpty ? key : nil
  }

  /// Why a key cannot sign this; empty where it can.
  private func obstacle(_ key: SigningKey, _ file: KeyFile?, for request: TokenRequest) -> String {
    let general = obstacle(key, file)
    guard general.isEmpty else { return general }
    guard let tenants = key.tenants else { return "" }
    guard let tenant = request.tenant else {
      return "\(key.kid) is bound to \(tenants.joined(separator: ", "))"
    }
    return tenants.contains(tenant)
      ? "" : "\(key.kid) is for \(tenants.joined(separator: ", "))"
  }

  /// Why a key cannot sign anything here; empty where it can.
  func obstacle(_ key: SigningKey, _ file: KeyFile?) -> String {
    guard let file, file.privatePart != .absent else {
      return "the private part of \(key.kid) is not here"
    }
    guard file.publicKey == key.x else {
      return "\(keys.path(key.kid)) is not the key that the bundle lists"
    }
    if let notAfter = key.notAfter, notAfter <= now {
      return "\(key.kid) ended \(describe(notAfter))"
    }
    if let before = bundle.revoked.before[key.kid], before > now {
      return "what \(key.kid) signs before \(describe(before)) is revoked"
    }
    return ""
  }

  private func nothingUsable(_ request: TokenRequest, _ reasons: [String]) -> Refusal {
    let scope = request.scope.rawValue
    let addressee = request.tenant.map { " for \($0)" } ?? ""
    let role = request.role ?? Self.roles(for: request.scope).first
    let article = scope == "agent" ? "an" : "a"
    let asked = request.role.map { " of the role \($0.rawValue)" } ?? ""
    let why = reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))"
    return Refusal(
      .keyUnavailable, "no key here\(asked) can sign \(article) \(scope) token\(addressee)\(why)",
      hint: role.map { role in
        let tenant = role == .tenantOwner ? request.tenant.map { " --tenant \($0)" } ?? "" : ""
        return "Make one with `holdfast-cluster key add --role \(role.rawValue)\(tenant)`."
      })
  }
}
