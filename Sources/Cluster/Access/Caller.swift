package import AgentToken

/// Who asks, and from where: every service of the control plane is asked by one.
package struct Caller: Sendable {
  package let account: Account
  /// An address, or `local`.
  package let source: String

  package init(account: Account, source: String) {
    self.account = account
    self.source = source
  }

  /// What this one sees.
  package var view: Visibility {
    Visibility(
      // Who has to have tenants and has none sees nothing.
      tenants: account.tenants ?? (account.role.needsTenants ? [] : nil),
      owner: account.role == .agentInstaller ? account.id : nil)
  }

  package func may(_ permission: Permission) -> Bool { permission.roles.contains(account.role) }

  /// - Throws: `forbidden`.
  package func require(_ permission: Permission) throws(Refusal) {
    guard !may(permission) else { return }
    let roles = permission.roles.map(\.rawValue).sorted()
    throw Refusal(
      .forbidden,
      "The role \(account.role.rawValue) may not \(permission.phrase).",
      hint: "Ask somebody whose role is \(roles.joined(separator: " or ")).")
  }

  /// An audit entry of what this one does.
  package func entry(
    _ action: String, at now: Int64, tenant: String? = nil, target: String, details: String = "{}"
  ) -> AuditEntry {
    AuditEntry(
      at: now, account: account.id, name: account.name, source: source, action: action,
      tenant: tenant, target: target, details: details)
  }
}

/// The part of a cluster that an account sees: of what is outside it, nothing says that it is there.
package struct Visibility: Sendable, Equatable {
  /// nil for all.
  package let tenants: [String]?
  /// Only agents and registration tokens that belong to this account; nil for all in the tenants.
  package let owner: String?

  package init(tenants: [String]?, owner: String? = nil) {
    self.tenants = tenants
    self.owner = owner
  }

  package static let all = Visibility(tenants: nil)

  package func shows(tenant: String?) -> Bool {
    guard let tenants else { return true }
    return tenant.map { tenants.contains($0) } ?? false
  }

  package func shows(_ agent: AgentRecord) -> Bool {
    shows(tenant: agent.tenant) && owner ?? agent.owner == agent.owner
  }

  package func shows(_ token: RegistrationToken) -> Bool {
    shows(tenant: token.tenant) && owner ?? token.createdBy == token.createdBy
  }
}
