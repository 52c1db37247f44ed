internal import AgentToken
internal import Issuing

/// Who may manage whom. Nobody can give more than they have.
extension ControlPlane {
  /// Whether an account of that role and those tenants is the caller's to make, change and remove.
  private func mayManage(_ caller: Caller, _ role: AccessRole, _ tenants: [String]?) -> Bool {
    switch caller.account.role {
    case .siteAdministrator: true
    case .tenantOwner:
      (role == .agentInstaller || role == .auditor)
        && tenants.map { tenants in
          !tenants.isEmpty && tenants.allSatisfy { caller.view.shows(tenant: $0) }
        } ?? false
    case .customerSupport, .agentInstaller, .auditor: false
    }
  }

  /// - Throws: `forbidden`.
  func requireAuthority(
    of caller: Caller, over role: AccessRole, _ tenants: [String]?
  ) throws(Refusal) {
    try caller.require(.manageAccounts)
    guard !mayManage(caller, role, tenants) else { return }
    throw Refusal(
      .forbidden,
      "A \(caller.account.role.rawValue) manages agent installers and auditors that belong to "
        + "nothing but their own tenants.",
      hint: "Ask a \(AccessRole.siteAdministrator.rawValue).")
  }

  /// An account that the caller may know of, and manage.
  ///
  /// - Throws: `not_found`, `forbidden`.
  func managedAccount(_ caller: Caller, _ id: String) async throws(Refusal) -> Account {
    try caller.require(.manageAccounts)
    guard let account = try await store.account(id), caller.view.shows(account) else {
      throw .missing("account", id)
    }
    try requireAuthority(of: caller, over: account.role, account.tenants)
    return account
  }

  /// Tenants for an account of a role, each once, as they are kept.
  ///
  /// - Throws: `invalid_request`; `not_found` for one that the caller does not know of.
  func checked(
    tenants: [String]?, for role: AccessRole, _ caller: Caller
  ) async throws(Refusal) -> [String]? {
    if role == .tenantOwner, !settings.tenantOwners {
      throw Refusal(
        .invalid, "This cluster has no tenant owners.",
        hint: "They are for clusters that customers share: TenantOwners=yes.")
    }
    guard let tenants else {
      guard !role.needsTenants else {
        throw Refusal(.invalid, "The role \(role.rawValue) belongs to tenants: name them.")
      }
      return nil
    }
    guard role != .siteAdministrator else {
      throw Refusal(.invalid, "A site administrator is for all tenants.")
    }
    guard (1...Self.mostTenants).contains(tenants.count) else {
      throw Refusal(.invalid, "An account is for all tenants, or for 1 to \(Self.mostTenants).")
    }
    let different = Set(tenants).sorted()
    for id in different { _ = try await tenant(caller, id) }
    return different
  }

  private static var mostTenants: Int { 1000 }
}

extension Visibility {
  /// Whether an account belongs to a tenant that is seen.
  func shows(_ account: Account) -> Bool {
    tenants == nil || (account.tenants ?? []).contains { shows(tenant: $0) }
  }
}

extension Account {
  /// Without the tenants that are none of the viewer's business.
  func shown(to view: Visibility) -> Account {
    var account = self
    account.tenants = tenants.map { tenants in tenants.filter { view.shows(tenant: $0) } }
    return account
  }

  /// What an audit entry about it is about: its tenant, where it has one. Of several, whoever sees one
  /// of them must not read of the others.
  var soleTenant: String? { tenants?.count == 1 ? tenants?.first : nil }
}
