package import AgentToken
package import Cluster
internal import GRDB

extension SQLiteStore {
  private static let alarmList = List(
    name: "alarms", select: "SELECT * FROM alarms", order: .newest("number"))

  private static func alarm(_ row: Row) throws -> Alarm {
    Alarm(
      id: row.text("id"), at: row.number("at"), kind: try row.word("kind", Alarm.Kind.self),
      tenant: row.text("tenant"), agent: row.text("agent"), message: row.text("message"),
      acknowledgedAt: row.optionalNumber("acknowledged_at"),
      acknowledgedBy: row.optionalText("acknowledged_by"))
  }

  package func raise(_ alarm: Alarm) async throws(Refusal) -> Bool {
    try await write { try $0.raise(alarm) }
  }

  package func alarm(_ id: String) async throws(Refusal) -> Alarm? {
    try await read { try $0.row("SELECT * FROM alarms WHERE id = ?", id).map(Self.alarm) }
  }

  package func alarms(
    _ view: Visibility, isOpen: Bool?, _ page: PageRequest
  ) async throws(Refusal) -> Page<Alarm> {
    try await read { db in
      var selection = Selection()
      selection.see(view)
      if let owner = view.owner {
        selection.require(
          "EXISTS (SELECT 1 FROM agents WHERE agents.id = alarms.agent AND owner = ?)", owner)
      }
      if let isOpen {
        selection.require("acknowledged_at IS \(isOpen ? "" : "NOT ")NULL")
      }
      return try db.page(Self.alarmList, selection, page, Self.alarm)
    }
  }

  package func acknowledge(
    alarm: String, at now: Int64, by account: String, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      guard try db.row("SELECT 1 FROM alarms WHERE id = ?", alarm) != nil else {
        throw Refusal.missing("alarm", alarm)
      }
      // Who was first stays.
      try db.run(
        """
        UPDATE alarms SET acknowledged_at = ?, acknowledged_by = ?
          WHERE id = ? AND acknowledged_at IS NULL
        """, now, account, alarm)
      try db.append(audit)
    }
  }

  package func openAlarms() async throws(Refusal) -> [Alarm.Kind: Int] {
    try await read { db in
      var counts: [Alarm.Kind: Int] = [:]
      for row in try db.rows(
        "SELECT kind, count(*) AS count FROM alarms WHERE acknowledged_at IS NULL GROUP BY kind")
      {
        counts[try row.word("kind", Alarm.Kind.self)] = Int(row.number("count"))
      }
      return counts
    }
  }
}

extension Database {
  /// - Returns: whether it was added.
  @discardableResult
  func raise(_ alarm: Alarm) throws -> Bool {
    let newest = try row(
      """
      SELECT message FROM alarms WHERE agent = ? AND kind = ? ORDER BY number DESC LIMIT 1
      """, alarm.agent, alarm.kind.rawValue)
    if newest?.text("message") == alarm.message { return false }
    let open = try row(
      """
      SELECT count(*) AS count FROM alarms
        WHERE agent = ? AND kind = ? AND acknowledged_at IS NULL
      """, alarm.agent, alarm.kind.rawValue)
    if open?.number("count") ?? 0 >= 100 { return false }
    try run(
      """
      INSERT INTO alarms (id, at, kind, tenant, agent, message, acknowledged_at, acknowledged_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """, alarm.id, alarm.at, alarm.kind.rawValue, alarm.tenant, alarm.agent, alarm.message,
      alarm.acknowledgedAt, alarm.acknowledgedBy)
    return true
  }
}
