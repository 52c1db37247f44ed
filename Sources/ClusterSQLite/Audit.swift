package import AgentToken
package import Cluster
internal import GRDB

extension SQLiteStore {
  private static let auditList = List(
    name: "audit", select: "SELECT * FROM audit", order: .newest("sequence"))

  private static func entry(_ row: Row) -> AuditEntry {
    AuditEntry(
      sequence: row.number("sequence"), at: row.number("at"), account: row.text("account"),
      name: row.text("name"), source: row.text("source"), action: row.text("action"),
      tenant: row.optionalText("tenant"), target: row.text("target"),
      details: row.text("details"))
  }

  package func append(_ entry: AuditEntry) async throws(Refusal) {
    try await write { try $0.append(entry) }
  }

  package func audit(
    _ view: Visibility, _ filter: AuditFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<AuditEntry> {
    try await read { db in
      var selection = Selection()
      selection.see(view)
      selection.require("tenant", equals: filter.tenant)
      if let account = filter.account {
        selection.require("account = ? OR name = ?", account, account)
      }
      if let action = filter.action { selection.require("instr(action, ?) = 1", action) }
      if let since = filter.since { selection.require("at >= ?", since) }
      if let until = filter.until { selection.require("at < ?", until) }
      return try db.page(Self.auditList, selection, page, Self.entry)
    }
  }
}

extension Database {
  func append(_ entry: AuditEntry) throws {
    try run(
      """
      INSERT INTO audit (at, account, name, source, action, tenant, target, details)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """, entry.at, entry.account, entry.name, entry.source, entry.action, entry.tenant,
      entry.target, entry.details)
  }

  func append(_ entries: [AuditEntry]) throws {
    for entry in entries { try append(entry) }
  }
}
