/// How much of a cluster a token opens.
package enum Scope: String, Sendable, CaseIterable {
  case cluster
  case tenant
  case agent
}

/// What a signing key is for; the trust bundle attaches it to the `kid`.
package enum Role: String, Sendable, CaseIterable {
  case siteAdmin = "site-admin"
  case customerSupport = "customer-support"
  case agentInstaller = "agent-installer"
  case tenantOwner = "tenant-owner"
  /// The cluster's online keys: profiles, revocations and time.
  case cluster
  /// Release manifests.
  case release

  /// The scopes of the tokens that it may sign; none for the two roles that sign no tokens.
  package var scopes: Set<Scope> {
    switch self {
    case .siteAdmin: [.cluster, .tenant]
    case .customerSupport, .tenantOwner: [.tenant]
    case .agentInstaller: [.agent]
    case .cluster, .release: []
    }
  }

  /// Whether it signs agent tokens at all, so that a token's `role` may name it.
  package var signsTokens: Bool { !scopes.isEmpty }

  package func maySign(_ scope: Scope) -> Bool { scopes.contains(scope) }
}
