package import AgentToken

/// An agent token that this cluster issued.
package struct IssuedTokenRecord: Sendable, Equatable {
  /// Where it was used, as a ledger says.
  package struct Use: Sendable, Equatable {
    /// The record of the agent.
    package let agent: String
    package let at: Int64
    /// The number of the ledger's record.
    package let record: Int64
    /// Whether it was meant for that host.
    package let isMeant: Bool

    package init(agent: String, at: Int64, record: Int64, isMeant: Bool) {
      self.agent = agent
      self.at = at
      self.record = record
      self.isMeant = isMeant
    }
  }

  package let jti: String
  package let scope: Scope
  package let tenant: String?
  package let agent: String?
  package let kid: String
  package let role: Role
  /// Whether it answers a challenge.
  package let answersChallenge: Bool
  package let window: Int64?
  package let services: [String]
  package let issuedAt: Int64
  package let expires: Int64
  /// The account, and its name then.
  package let issuedBy: String
  package let issuer: String
  package let revokedAt: Int64?
  package let uses: [Use]

  package init(
    jti: String, scope: Scope, tenant: String?, agent: String?, kid: String, role: Role,
    answersChallenge: Bool, window: Int64?, services: [String], issuedAt: Int64, expires: Int64,
    issuedBy: String, issuer: String, revokedAt: Int64? = nil, uses: [Use] = []
  ) {
    self.jti = jti
    self.scope = scope
    self.tenant = tenant
    self.agent = agent
    self.kid = kid
    self.role = role
    self.answersChallenge = answersChallenge
    self.window = window
    self.services = services
    self.issuedAt = issuedAt
    self.expires = expires
    self.issuedBy = issuedBy
    self.issuer = issuer
    self.revokedAt = revokedAt
    self.uses = uses
  }

  package enum Status: String, Sendable, CaseIterable { case issued, used, expired, revoked }

  package func status(at now: Int64) -> Status {
    if revokedAt != nil { return .revoked }
    if !uses.isEmpty { return .used }
    return expires <= now ? .expired : .issued
  }
}
