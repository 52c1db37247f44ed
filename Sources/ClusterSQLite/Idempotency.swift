package import AgentToken
package import Cluster
internal import FoundationEssentials
internal import GRDB

extension SQLiteStore {
  /// How long an answer is remembered, in seconds.
  static let idempotencyLifetime: Int64 = 86_400

  package func begin(
    idempotencyKey: String, account: String, request: String, now: Int64
  ) async throws(Refusal) -> Idempotency {
    try await write { db in
      try db.run(
        "DELETE FROM idempotency WHERE account = ? AND key = ? AND begun_at <= ?", account,
        idempotencyKey, now - Self.idempotencyLifetime)
      guard
        let row = try db.row(
          "SELECT * FROM idempotency WHERE account = ? AND key = ?", account, idempotencyKey)
      else {
        try db.run(
          "INSERT INTO idempotency (account, key, request, begun_at) VALUES (?, ?, ?, ?)",
          account, idempotencyKey, request, now)
        return .new
      }
      guard row.text("request") == request else { return .different }
      guard let status = row.optionalNumber("status") else { return .underWay }
      return .done(status: Int(status), body: row.bytes("body"))
    }
  }

  package func finish(
    idempotencyKey: String, account: String, status: Int, body: [UInt8]
  ) async throws(Refusal) {
    try await write { db in
      try db.run(
        "UPDATE idempotency SET status = ?, body = ? WHERE account = ? AND key = ?", status,
        Data(body), account, idempotencyKey)
    }
  }

  package func abandon(idempotencyKey: String, account: String) async throws(Refusal) {
    try await write { db in
      try db.run(
        "DELETE FROM idempotency WHERE account = ? AND key = ? AND status IS NULL", account,
        idempotencyKey)
    }
  }
}
