package import AgentToken

/// What somebody is to a cluster; says what they may do (`Permission`) and which agent tokens they
/// may ask for.
package enum AccessRole: String, Sendable, CaseIterable {
  case siteAdministrator = "site-admin"
  case customerSupport = "customer-support"
  case tenantOwner = "tenant-owner"
  case agentInstaller = "agent-installer"
  /// Sees what it is responsible for and changes nothing.
  case auditor

  /// The role whose key signs that person's tokens of a scope; nil where they get none.
  ///
  /// A token for one agent opens less than one for its tenant, so whoever may have the latter may
  /// have the former, signed by the key that signs for agents.
  package func signer(of scope: Scope) -> Role? {
    switch (self, scope) {
    case (.siteAdministrator, .cluster), (.siteAdministrator, .tenant): .siteAdmin
    case (.customerSupport, .tenant): .customerSupport
    case (.tenantOwner, .tenant): .tenantOwner
    case (.siteAdministrator, .agent), (.customerSupport, .agent), (.tenantOwner, .agent),
      (.agentInstaller, .agent):
      .agentInstaller
    default: nil
    }
  }

  /// Whether an account of this role belongs to tenants, always.
  package var needsTenants: Bool { self == .tenantOwner || self == .agentInstaller }
}
