package import AgentToken
package import Cluster
internal import GRDB
internal import JSON

extension SQLiteStore {
  fileprivate static let accountColumns = """
    accounts.*, (SELECT json_group_array(tenant) FROM account_tenants
      WHERE account_tenants.account = accounts.id) AS tenants
    """

  private static let accountList = List(
    name: "accounts", select: "SELECT \(accountColumns) FROM accounts", order: .byName(["name"]))

  fileprivate static func account(_ row: Row) throws -> Account {
    Account(
      id: row.text("id"), kind: try row.word("kind", Account.Kind.self), name: row.text("name"),
      role: try row.word("role", AccessRole.self),
      tenants: row.flag("all_tenants") ? nil : try row.texts("tenants").sorted(),
      isDisabled: row.flag("disabled"), createdAt: row.number("created_at"),
      createdBy: row.text("created_by"), lastUsedAt: row.optionalNumber("last_used_at"))
  }

  package func account(_ id: String) async throws(Refusal) -> Account? {
    try await read { db in
      try db.row("SELECT \(Self.accountColumns) FROM accounts WHERE id = ?", id)
        .map(Self.account)
    }
  }

  package func credentials(
    of name: String, _ kind: Account.Kind
  ) async throws(Refusal) -> (account: Account, secretHash: String)? {
    try await read { db in
      let row = try db.row(
        "SELECT \(Self.accountColumns) FROM accounts WHERE name = ? AND kind = ?", name,
        kind.rawValue)
      return try row.map { (account: try Self.account($0), secretHash: $0.text("secret_hash")) }
    }
  }

  package func accounts(
    _ view: Visibility, kind: Account.Kind?, _ page: PageRequest
  ) async throws(Refusal) -> Page<Account> {
    try await read { db in
      var selection = Selection()
      selection.require("kind", equals: kind?.rawValue)
      if let tenants = view.tenants {
        selection.require(
          """
          NOT all_tenants AND EXISTS (SELECT 1 FROM account_tenants
            WHERE account_tenants.account = accounts.id
              AND tenant IN (SELECT value FROM json_each(?)))
          """, JSON.list(tenants))
      }
      return try db.page(Self.accountList, selection, page, Self.account)
    }
  }

  package func hasAccounts() async throws(Refusal) -> Bool {
    try await read { try $0.row("SELECT 1 FROM accounts LIMIT 1") != nil }
  }

  package func create(
    _ account: Account, secretHash: String, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      try unlessThere("There is an account \(account.name.quoted()) already.") {
        try db.run(
          "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", account.id,
          account.kind.rawValue, account.name, account.role.rawValue, account.tenants == nil,
          account.isDisabled, account.createdAt, account.createdBy, account.lastUsedAt,
          secretHash)
      }
      try db.setTenants(account.tenants ?? [], of: account.id)
      try db.append(audit)
    }
  }

  package func update(
    _ old: Account, to account: Account, audit: [AuditEntry]
  ) async throws(Refusal) {
    try await write { db in
      _ = try db.secretHash(ofUnchanged: old)
      try db.run(
        "UPDATE accounts SET role = ?, all_tenants = ?, disabled = ? WHERE id = ?",
        account.role.rawValue, account.tenants == nil, account.isDisabled, old.id)
      try db.setTenants(account.tenants ?? [], of: old.id)
      try db.endSessions(of: old.id)
      try db.append(audit)
      if old.isAdministrator { try db.requireAdministrator() }
    }
  }

  package func setSecret(
    of account: Account, replacing kept: String?, hash: String, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      let present = try db.secretHash(ofUnchanged: account)
      guard kept ?? present == present else { throw Refusal.changedMeanwhile(account) }
      try db.run("UPDATE accounts SET secret_hash = ? WHERE id = ?", hash, account.id)
      try db.endSessions(of: account.id)
      try db.append(audit)
    }
  }

  package func delete(_ account: Account, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      _ = try db.secretHash(ofUnchanged: account)
      try db.run("DELETE FROM accounts WHERE id = ?", account.id)
      try db.append(audit)
      if account.isAdministrator { try db.requireAdministrator() }
    }
  }

  package func open(_ session: Session, audit: AuditEntry?) async throws(Refusal) {
    try await write { db in
      guard
        try db.run(
          """
          UPDATE accounts SET last_used_at = max(coalesce(last_used_at, 0), ?)
            WHERE id = ? AND NOT disabled
          """, session.createdAt, session.account) == 1
      else { throw Refusal.missing("account", session.account) }
      try db.run(
        "INSERT INTO sessions VALUES (?, ?, ?, ?)", session.tokenHash, session.account,
        session.createdAt, session.expires)
      if let audit { try db.append(audit) }
    }
  }

  package func session(
    tokenHash: String, now: Int64
  ) async throws(Refusal) -> (session: Session, account: Account)? {
    try await read { db in
      guard
        let row = try db.row(
          "SELECT * FROM sessions WHERE token_hash = ? AND expires > ?", tokenHash, now),
        let account = try db.row(
          "SELECT \(Self.accountColumns) FROM accounts WHERE id = ? AND NOT disabled",
          row.text("account"))
      else { return nil }
      let session = Session(
        tokenHash: tokenHash, account: row.text("account"),
        createdAt: row.number("created_at"), expires: row.number("expires"))
      return (session: session, account: try Self.account(account))
    }
  }

  package func close(session tokenHash: String) async throws(Refusal) {
    try await write { try $0.run("DELETE FROM sessions WHERE token_hash = ?", tokenHash) }
  }
}

extension Account {
  fileprivate var isAdministrator: Bool { role == .siteAdministrator && !isDisabled }
}

extension Refusal {
  fileprivate static func changedMeanwhile(_ account: Account) -> Refusal {
    Refusal(
      .conflict, "The account \(account.name) was changed by somebody else just now.",
      hint: "Look at it again, then try again.")
  }
}

extension Database {
  /// What the secret of an account is kept as.
  ///
  /// - Throws: `not_found`; `conflict` where the account is another by now than it was read.
  fileprivate func secretHash(ofUnchanged account: Account) throws -> String {
    guard
      let row = try row(
        "SELECT \(SQLiteStore.accountColumns) FROM accounts WHERE id = ?", account.id)
    else { throw Refusal.missing("account", account.id) }
    let present = try SQLiteStore.account(row)
    guard present.role == account.role, present.isDisabled == account.isDisabled,
      present.tenants.map(Set.init) == account.tenants.map(Set.init)
    else { throw Refusal.changedMeanwhile(account) }
    return row.text("secret_hash")
  }

  fileprivate func setTenants(_ tenants: [String], of account: String) throws {
    try run("DELETE FROM account_tenants WHERE account = ?", account)
    for tenant in Set(tenants) {
      try run("INSERT INTO account_tenants VALUES (?, ?)", account, tenant)
    }
  }

  fileprivate func endSessions(of account: String) throws {
    try run("DELETE FROM sessions WHERE account = ?", account)
  }

  /// - Throws: `conflict` where nobody is left who can administer the cluster.
  fileprivate func requireAdministrator() throws {
    let row = try row(
      "SELECT 1 FROM accounts WHERE role = ? AND NOT disabled LIMIT 1",
      AccessRole.siteAdministrator.rawValue)
    guard row == nil else { return }
    throw Refusal(
      .conflict, "That is the last site administrator, and nobody could make another.",
      hint: "Make another site administrator first.")
  }
}
