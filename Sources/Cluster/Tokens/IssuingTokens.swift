package import AgentToken
internal import Issuing
internal import JSON

extension ControlPlane {
  /// Issues tokens as far as the caller's role goes; each is recorded before its text is handed out.
  ///
  /// - Returns: for agents, one outcome for each in their order.
  /// - Throws: `forbidden`, `not_found`, `invalid_request`, and what the issuer refuses, where it is
  ///   not about one agent of several.
  package func issueTokens(
    _ caller: Caller, _ wish: TokenWish
  ) async throws(Refusal) -> [TokenOutcome] {
    try caller.require(.issueTokens)
    let role = try signingRole(caller, wish.scope)
    guard wish.scope == .agent else {
      guard wish.agents.isEmpty else {
        throw Refusal(
          .invalid, "A \(wish.scope.rawValue) token names no agents.",
          hint: "Ask for the scope \"agent\" to have one for each.")
      }
      if let tenant = wish.tenant { try await requireTenant(caller, tenant) }
      let token = try sign(caller, wish, role: role, tenant: wish.tenant, agent: nil)
      try await keep([token], caller, "agent-token.issue")
      return [TokenOutcome(agent: nil, result: .success(token))]
    }
    guard wish.tenant == nil else {
      throw Refusal(.invalid, "Agents are named by their records, which say their tenant.")
    }
    guard (1...Self.mostAgents).contains(wish.agents.count),
      Set(wish.agents).count == wish.agents.count
    else {
      throw Refusal(
        .invalid, "Tokens are issued for 1 to \(Self.mostAgents) different agents at once.")
    }
    var outcomes: [TokenOutcome] = []
    for id in wish.agents {
      let result: Result<GrantedToken, Refusal>
      do throws(Refusal) {
        let agent = try await seen(caller, id)
        try Self.requireProtected(agent)
        result = .success(
          try sign(caller, wish, role: role, tenant: agent.tenant, agent: agent.agent))
      } catch {
        result = .failure(error)
      }
      outcomes.append(TokenOutcome(agent: id, result: result))
    }
    try await keep(
      outcomes.compactMap { try? $0.result.get() }, caller, "agent-token.issue")
    return outcomes
  }

  /// The role whose key signs the caller's tokens of a scope.
  func signingRole(_ caller: Caller, _ scope: Scope) throws(Refusal) -> Role {
    let account = caller.account
    guard let role = account.role.signer(of: scope) else {
      let scopes = Scope.allCases.filter { account.role.signer(of: $0) != nil }.map(\.rawValue)
      throw Refusal(
        .forbidden, "The role \(account.role.rawValue) gets no \(scope.rawValue) tokens.",
        hint: scopes.isEmpty
          ? nil : "It gets tokens of the scope \(scopes.joined(separator: ", ")).")
    }
    guard scope != .cluster || account.tenants == nil else {
      throw Refusal(
        .forbidden, "A cluster token opens every tenant's hosts, and this account is for some.",
        hint: "Ask for a tenant token.")
    }
    return role
  }

  /// - Throws: `agent_not_protected`, with the reason.
  static func requireProtected(_ agent: AgentRecord) throws(Refusal) {
    func refuse(_ reason: String, _ hint: String? = nil) -> Refusal {
      Refusal(.agentNotProtected, "\(agent.agent) \(reason).", hint: hint)
    }
    if agent.state == .retired { throw refuse("is retired", "Enrol the host again.") }
    guard let report = agent.report else {
      throw refuse("was never heard of, so nothing is known to be protected there")
    }
    switch report.protection {
    case "protected", "degraded", "engaging", "releasing", "unprotected": break
    case "unmanaged":
      throw refuse(
        "is not under protection: a profile switches it off",
        "Its owner can do everything there without a token.")
    default:
      throw refuse("says nothing that is known of its protection", "It may have a newer Holdfast.")
    }
    let status = try? JSON.parse(Array(report.status.utf8))
    if status?["mode"]?.string == "audit" {
      throw refuse(
        "only watches (audit mode), so there is nothing to unprotect",
        "Its owner can do everything there without a token.")
    }
    if status?["services"]?.members?.isEmpty == true {
      throw refuse("protects no service", "Add one with `holdfast guard add`, or by a profile.")
    }
  }

  private func sign(
    _ caller: Caller, _ wish: TokenWish, role: Role, tenant: String?, agent: String?
  ) throws(Refusal) -> GrantedToken {
    let request = TokenRequest(
      scope: wish.scope, role: role, tenant: tenant, agent: agent, subject: caller.account.name,
      window: wish.window, services: wish.services,
      lifetime: wish.lifetime ?? TokenRequest.maximumLifetime)
    return try granted(signer.token(request), caller, answersChallenge: false)
  }

  func granted(
    _ token: IssuedToken, _ caller: Caller, answersChallenge: Bool
  ) -> GrantedToken {
    let content = token.content
    return GrantedToken(
      record: IssuedTokenRecord(
        jti: content.jti, scope: content.scope, tenant: content.tenant, agent: content.agent,
        kid: content.kid, role: content.role, answersChallenge: answersChallenge,
        window: content.window, services: content.services ?? [], issuedAt: content.issuedAt,
        expires: content.expires, issuedBy: caller.account.id, issuer: caller.account.name),
      text: token.text)
  }

  /// Records tokens before anybody gets them.
  func keep(
    _ tokens: [GrantedToken], _ caller: Caller, _ action: String
  ) async throws(Refusal) {
    guard !tokens.isEmpty else { return }
    try await store.keep(
      tokens.map(\.record),
      audit: tokens.map { token in
        let record = token.record
        let details: JSON = [
          "scope": .string(record.scope.rawValue),
          "agent": record.agent.map(JSON.string) ?? .null, "kid": .string(record.kid),
          "expires": .integer(record.expires),
        ]
        return caller.entry(
          action, at: now(), tenant: record.tenant, target: record.jti,
          details: details.encoded())
      })
  }
}
