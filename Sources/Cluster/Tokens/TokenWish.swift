package import AgentToken

/// Agent tokens to be issued: one for a cluster or a tenant, or one for each of some agents.
package struct TokenWish: Sendable {
  package var scope: Scope
  /// For `tenant` scope.
  package var tenant: String?
  /// The records of the agents, for `agent` scope.
  package var agents: [String]
  /// Seconds of unprotection asked for; nil for what the agent's profile says.
  package var window: Int64?
  /// The only units to be released; empty for all.
  package var services: [String]
  /// Seconds until a token ends; nil for the longest.
  package var lifetime: Int64?

  package init(
    scope: Scope, tenant: String? = nil, agents: [String] = [], window: Int64? = nil,
    services: [String] = [], lifetime: Int64? = nil
  ) {
    self.scope = scope
    self.tenant = tenant
    self.agents = agents
    self.window = window
    self.services = services
    self.lifetime = lifetime
  }
}

/// A token that answers a challenge, to be issued.
package struct ChallengeWish: Sendable {
  /// nil for the narrowest that the caller gets.
  package var scope: Scope?
  package var window: Int64?
  package var services: [String]
  /// Somebody vouches for it that the host has begun a new ledger.
  package var reinstalled: Bool

  package init(
    scope: Scope? = nil, window: Int64? = nil, services: [String] = [], reinstalled: Bool = false
  ) {
    self.scope = scope
    self.window = window
    self.services = services
    self.reinstalled = reinstalled
  }
}

/// An agent token as whoever asked for it gets it. The text is kept nowhere.
package struct GrantedToken: Sendable {
  package let record: IssuedTokenRecord
  package let text: String
}

/// What became of one token of several.
package struct TokenOutcome: Sendable {
  /// The record of the agent that it was asked for; nil for other scopes.
  package let agent: String?
  package let result: Result<GrantedToken, Refusal>
}

/// A token that answers a challenge, and what makes one doubt the host that made it.
package struct AnsweredChallenge: Sendable {
  package let token: GrantedToken
  /// Sentences.
  package let warnings: [String]
}
