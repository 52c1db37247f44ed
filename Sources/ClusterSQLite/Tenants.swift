package import AgentToken
package import Cluster
internal import GRDB
internal import JSON

extension SQLiteStore {
  private static let tenantList = List(
    name: "tenants", select: "SELECT * FROM tenants", order: .byName(["id"]))

  private static func tenant(_ row: Row) -> Tenant {
    Tenant(id: row.text("id"), name: row.text("name"), createdAt: row.number("created_at"))
  }

  package func tenant(_ id: String) async throws(Refusal) -> Tenant? {
    try await read { try $0.row("SELECT * FROM tenants WHERE id = ?", id).map(Self.tenant) }
  }

  package func tenants(
    _ view: Visibility, _ page: PageRequest
  ) async throws(Refusal) -> Page<Tenant> {
    try await read { db in
      var selection = Selection()
      selection.see(view, in: "id")
      return try db.page(Self.tenantList, selection, page, Self.tenant)
    }
  }

  package func create(_ tenant: Tenant, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      try unlessThere("There is a tenant \(tenant.id.quoted()) already.") {
        try db.run(
          "INSERT INTO tenants VALUES (?, ?, ?)", tenant.id, tenant.name, tenant.createdAt)
      }
      try db.append(audit)
    }
  }

  package func rename(
    tenant: String, to name: String, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      guard try db.run("UPDATE tenants SET name = ? WHERE id = ?", name, tenant) == 1 else {
        throw Refusal.missing("tenant", tenant)
      }
      try db.append(audit)
    }
  }

  package func delete(tenant: String, now: Int64, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      for (what, hint, rows) in [
        (
          "agents belong", "Retired agents stay with their tenant, because their ledgers do.",
          try db.row("SELECT 1 FROM agents WHERE tenant = ? LIMIT 1", tenant)
        ),
        (
          "accounts belong", "Give them other tenants first, or delete them.",
          try db.row("SELECT 1 FROM account_tenants WHERE tenant = ? LIMIT 1", tenant)
        ),
        (
          "registration tokens that can be used belong", "Revoke them first.",
          try db.row(
            """
            SELECT 1 FROM registration_tokens WHERE tenant = ? AND revoked_at IS NULL
              AND uses_left > 0 AND (expires IS NULL OR expires > ?) LIMIT 1
            """, tenant, now)
        ),
      ] where rows != nil {
        throw Refusal(
          .conflict, "The tenant \(tenant.quoted()) is not empty: \(what) to it.", hint: hint)
      }
      guard try db.run("DELETE FROM tenants WHERE id = ?", tenant) == 1 else {
        throw Refusal.missing("tenant", tenant)
      }
      try db.append(audit)
    }
  }
}
