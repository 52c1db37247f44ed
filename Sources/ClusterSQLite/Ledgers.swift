package import AgentToken
package import Cluster
internal import GRDB

extension SQLiteStore {
  package func append(
    _ lines: [LedgerLine], to agent: String, from size: Int64, position: LedgerPosition,
    uses: [String: IssuedTokenRecord.Use], alarms: [Alarm]
  ) async throws(Refusal) {
    try await write { db in
      guard
        let row = try db.row("SELECT number, ledger_size FROM agents WHERE id = ?", agent)
      else { throw Refusal.missing("agent", agent) }
      guard row.number("ledger_size") == size else {
        throw Refusal(
          .conflict, "The ledger is at record \(row.number("ledger_size")) here, not \(size).",
          hint: "Go on from there.")
      }
      let number = row.number("number")
      for line in lines {
        try db.run(
          "INSERT INTO ledger (agent, sequence, time, event, text) VALUES (?, ?, ?, ?, ?)",
          number, line.sequence, line.time, line.event, line.text)
      }
      try db.run(
        """
        UPDATE agents SET ledger_size = ?, ledger_lines = ?, ledger_peaks = ?, ledger_key = ?
          WHERE number = ?
        """, position.size, position.lines, AgentRows.bytes(position.peaks), position.key, number)
      for (token, use) in uses { try db.keep(use, of: token) }
      for alarm in alarms { try db.raise(alarm) }
    }
  }

  package func ledger(
    of agent: String, since: Int64, limit: Int
  ) async throws(Refusal) -> [LedgerLine] {
    try await read { db in
      try db.rows(
        """
        SELECT max(ledger.number), sequence, time, event, text FROM agents
            JOIN ledger ON ledger.agent = agents.number
          WHERE agents.id = ? AND sequence >= ? AND sequence <= ledger_size
          GROUP BY sequence ORDER BY sequence LIMIT ?
        """, agent, since, min(max(limit, 0), Self.mostLines)
      ).map { row in
        LedgerLine(
          sequence: row.number("sequence"), time: row.number("time"), event: row.text("event"),
          text: row.text("text"))
      }
    }
  }

  /// Of a ledger at once.
  private static let mostLines = 1000
}

extension Database {
  /// Where the token is one of ours: a ledger may name others.
  fileprivate func keep(_ use: IssuedTokenRecord.Use, of token: String) throws {
    guard try run("UPDATE issued_tokens SET used = 1 WHERE jti = ?", token) == 1 else { return }
    try run(
      """
      INSERT INTO token_uses (token, agent, at, record, meant) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
      """, token, use.agent, use.at, use.record, use.isMeant)
  }
}
