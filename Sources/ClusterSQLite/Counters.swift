package import AgentToken
internal import Cluster
internal import GRDB

extension SQLiteStore {
  package func counter(_ name: String) async throws(Refusal) -> Int64 {
    try await read { db in
      try db.row("SELECT value FROM counters WHERE name = ?", name)?.number("value") ?? 0
    }
  }

  package func raise(counter: String, atLeast: Int64) async throws(Refusal) -> Int64 {
    try await write { db in
      try db.row(
        """
        INSERT INTO counters VALUES (?, ?)
          ON CONFLICT DO UPDATE SET value = max(value, excluded.value) RETURNING value
        """, counter, atLeast)?.number("value") ?? atLeast
    }
  }

  package func next(counter: String) async throws(Refusal) -> Int64 {
    try await write { db in
      try db.row(
        """
        INSERT INTO counters VALUES (?, 1)
          ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value
        """, counter)?.number("value") ?? 1
    }
  }

  package func text(_ name: String) async throws(Refusal) -> String? {
    try await read { try $0.row("SELECT value FROM texts WHERE name = ?", name)?.text("value") }
  }

  package func set(text name: String, to value: String) async throws(Refusal) {
    try await write { try $0.run("INSERT OR REPLACE INTO texts VALUES (?, ?)", name, value) }
  }
}
