package import AgentToken
internal import JSON

extension ControlPlane {
  /// Who may use the cluster, by name, as far as the caller's tenants go.
  ///
  /// - Throws: `forbidden`.
  package func accounts(
    _ caller: Caller, kind: Account.Kind?, _ page: PageRequest
  ) async throws(Refusal) -> Page<Account> {
    try caller.require(.readAccounts)
    return try await store.accounts(caller.view, kind: kind, page).map {
      $0.shown(to: caller.view)
    }
  }

  /// Everybody sees their own.
  ///
  /// - Throws: `not_found`, `forbidden`.
  package func account(_ caller: Caller, _ id: String) async throws(Refusal) -> Account {
    let isOwn = caller.account.id == id
    if !isOwn { try caller.require(.readAccounts) }
    guard let account = try await store.account(id), isOwn || caller.view.shows(account) else {
      throw .missing("account", id)
    }
    return account.shown(to: caller.view)
  }

  /// - Returns: the secret where one was made: it is shown this once.
  /// - Throws: `forbidden`, `invalid_request`; `not_found` for a tenant; `conflict` where the name
  ///   is taken.
  package func createAccount(
    _ caller: Caller, _ request: AccountRequest
  ) async throws(Refusal) -> (account: Account, secret: String?) {
    try caller.require(.manageAccounts)
    try AccountShape.check(name: request.name)
    let tenants = try await checked(tenants: request.tenants, for: request.role, caller)
    try requireAuthority(of: caller, over: request.role, tenants)
    let account = Account(
      id: secrets.newID(), kind: request.kind, name: request.name, role: request.role,
      tenants: tenants, createdAt: now(), createdBy: caller.account.id)
    let (secret, hash) = try await newSecret(for: request)
    try await store.create(
      account, secretHash: hash,
      audit: caller.entry(
        "account.create", at: account.createdAt, tenant: account.soleTenant, target: account.id,
        details: Self.details(of: account)))
    return (account, secret)
  }

  /// Changes role, tenants and whether it is disabled, and ends its sessions.
  ///
  /// - Throws: `forbidden`, `invalid_request`, `not_found`; `conflict` for the last site
  ///   administrator, and where somebody else changed it meanwhile.
  package func changeAccount(
    _ caller: Caller, _ id: String, _ change: AccountChange
  ) async throws(Refusal) -> Account {
    let old = try await managedAccount(caller, id)
    var new = old
    new.role = change.role ?? old.role
    new.isDisabled = change.isDisabled ?? old.isDisabled
    new.tenants = change.tenants ?? old.tenants
    if change.role != nil || change.tenants != nil {
      new.tenants = try await checked(tenants: new.tenants, for: new.role, caller)
      try requireAuthority(of: caller, over: new.role, new.tenants)
    }
    guard new != old else { return old.shown(to: caller.view) }
    func entry(_ tenant: String?, _ account: Account) -> AuditEntry {
      caller.entry(
        "account.change", at: now(), tenant: tenant, target: id,
        details: Self.details(of: account))
    }
    // Whoever saw it before has to be able to read that it is theirs no more, and not whose it is.
    let seen = new.shown(to: Visibility(tenants: old.soleTenant.map { [$0] }))
    try await store.update(
      old, to: new,
      audit: [entry(old.soleTenant, seen)] + (seen == new ? [] : [entry(nil, new)]))
    return new.shown(to: caller.view)
  }

  /// What it made, and its agents, stay; its registration tokens enrol nobody any more.
  ///
  /// - Throws: `forbidden`, `not_found`; `conflict` for the last site administrator.
  package func deleteAccount(_ caller: Caller, _ id: String) async throws(Refusal) {
    let account = try await managedAccount(caller, id)
    try await store.delete(
      account,
      audit: caller.entry(
        "account.delete", at: now(), tenant: account.soleTenant, target: id,
        details: Self.details(of: account)))
  }

  static func details(of account: Account) -> String {
    JSON.object([
      .init(name: "name", value: .string(account.name)),
      .init(name: "kind", value: .string(account.kind.rawValue)),
      .init(name: "role", value: .string(account.role.rawValue)),
      .init(
        name: "tenants", value: account.tenants.map { .array($0.map(JSON.string)) } ?? .null),
      .init(name: "disabled", value: .bool(account.isDisabled)),
    ]).encoded()
  }
}
