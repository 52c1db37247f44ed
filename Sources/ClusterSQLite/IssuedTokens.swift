package import AgentToken
package import Cluster
internal import GRDB
internal import Issuing
internal import JSON

extension SQLiteStore {
  private static let issuedList = List(
    name: "agent-tokens", select: "SELECT * FROM issued_tokens", order: .newest("number"))

  /// A token for a cluster can be used on all its hosts.
  private static let usesShown = (list: 10, one: 1000)

  private static func issuedToken(
    _ row: Row, _ uses: Int, _ db: Database
  ) throws -> IssuedTokenRecord {
    let jti = row.text("jti")
    let uses =
      row.flag("used")
      ? try db.rows("SELECT * FROM token_uses WHERE token = ? ORDER BY number LIMIT ?", jti, uses)
      : []
    return IssuedTokenRecord(
      jti: jti, scope: try row.word("scope", Scope.self), tenant: row.optionalText("tenant"),
      agent: row.optionalText("agent"), kid: row.text("kid"),
      role: try row.word("role", Role.self), answersChallenge: row.flag("answers_challenge"),
      window: row.optionalNumber("window"), services: try row.texts("services"),
      issuedAt: row.number("issued_at"), expires: row.number("expires"),
      issuedBy: row.text("issued_by"), issuer: row.text("issuer"),
      revokedAt: row.optionalNumber("revoked_at"),
      uses: uses.map { use in
        IssuedTokenRecord.Use(
          agent: use.text("agent"), at: use.number("at"), record: use.number("record"),
          isMeant: use.flag("meant"))
      })
  }

  package func keep(
    _ tokens: [IssuedTokenRecord], audit: [AuditEntry]
  ) async throws(Refusal) {
    try await write { db in
      for token in tokens {
        try db.run(
          """
          INSERT INTO issued_tokens (jti, scope, tenant, agent, kid, role, answers_challenge,
              window, services, issued_at, expires, issued_by, issuer, revoked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """, token.jti, token.scope.rawValue, token.tenant, token.agent, token.kid,
          token.role.rawValue, token.answersChallenge, token.window, JSON.list(token.services),
          token.issuedAt, token.expires, token.issuedBy, token.issuer, token.revokedAt)
      }
      try db.append(audit)
    }
  }

  package func issuedToken(_ jti: String) async throws(Refusal) -> IssuedTokenRecord? {
    try await read { db in
      try db.row("SELECT * FROM issued_tokens WHERE jti = ?", jti)
        .map { try Self.issuedToken($0, Self.usesShown.one, db) }
    }
  }

  package func issuedTokens(
    _ view: Visibility, _ filter: IssuedTokenFilter, now: Int64, _ page: PageRequest
  ) async throws(Refusal) -> Page<IssuedTokenRecord> {
    try await read { db in
      var selection = Selection()
      // Where not all tenants are seen, a token of none, which is one for the cluster, is not either.
      selection.see(view)
      selection.require("issued_by", equals: view.owner)
      selection.require("tenant", equals: filter.tenant)
      selection.require("agent", equals: filter.agent)
      selection.require("issued_by", equals: filter.issuedBy)
      switch filter.status {
      case .issued?: selection.require("revoked_at IS NULL AND NOT used AND expires > ?", now)
      case .used?: selection.require("revoked_at IS NULL AND used")
      case .expired?: selection.require("revoked_at IS NULL AND NOT used AND expires <= ?", now)
      case .revoked?: selection.require("revoked_at IS NOT NULL")
      case nil: break
      }
      return try db.page(Self.issuedList, selection, page) {
        try Self.issuedToken($0, Self.usesShown.list, db)
      }
    }
  }

  package func issuedTokens(
    _ jtis: Set<String>, endedBefore time: Int64
  ) async throws(Refusal) -> [IssuedTokenRecord] {
    try await read { db in
      // Those that are issued side by side are not kept in the order of their times.
      try db.rows(
        """
        SELECT * FROM issued_tokens WHERE jti IN (SELECT value FROM json_each(?)) AND expires < ?
          AND NOT EXISTS (SELECT 1 FROM issued_tokens AS later
            WHERE later.number > issued_tokens.number
              AND later.issued_at < issued_tokens.issued_at - \(TokenRequest.maximumLifetime))
        """, JSON.list(jtis), time
      ).map { try Self.issuedToken($0, 0, db) }
    }
  }

  package func revoke(
    token jti: String, at now: Int64, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      guard
        try db.run(
          "UPDATE issued_tokens SET revoked_at = coalesce(revoked_at, ?) WHERE jti = ?", now, jti)
          == 1
      else { throw Refusal.missing("agent token", jti) }
      try db.append(audit)
    }
  }
}
