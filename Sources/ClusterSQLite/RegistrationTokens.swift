package import AgentToken
package import Cluster
internal import FoundationEssentials
internal import GRDB
internal import JSON

extension SQLiteStore {
  private static let registrationList = List(
    name: "registration-tokens", select: registrationColumns, order: .newest("number"))

  private static let registrationColumns = """
    SELECT registration_tokens.*, \(makerServes) AS maker_serves FROM registration_tokens
    """

  /// Whether who made it may make one for its tenant. Roles are words of this program.
  private static let makerServes = """
    EXISTS (SELECT 1 FROM accounts WHERE accounts.id = registration_tokens.created_by
      AND NOT disabled AND role IN (\(makers))
      AND (all_tenants OR EXISTS (SELECT 1 FROM account_tenants
        WHERE account_tenants.account = accounts.id
          AND account_tenants.tenant = registration_tokens.tenant)))
    """

  private static let makers = Permission.createRegistrationTokens.roles
    .map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")

  fileprivate static func registrationToken(_ row: Row) -> RegistrationToken {
    RegistrationToken(
      id: row.text("id"), tenant: row.text("tenant"), description: row.text("description"),
      profile: row.optionalText("profile"), allowsHighAssurance: row.flag("high_assurance"),
      managesProfile: row.flag("manages_profile"), uses: row.number("uses"),
      usesLeft: row.number("uses_left"), createdAt: row.number("created_at"),
      expires: row.optionalNumber("expires"), createdBy: row.text("created_by"),
      creator: row.text("creator"), revokedAt: row.optionalNumber("revoked_at"),
      isSuspended: !row.flag("maker_serves"), hint: row.text("hint"),
      secretHash: row.text("secret_hash"),
      sealedSecret: row.bytes("sealed_secret"))
  }

  package func create(
    _ tokens: [RegistrationToken], audit: [AuditEntry]
  ) async throws(Refusal) {
    try await write { db in
      for token in tokens {
        try db.requireProfile(of: token)
        try db.run(
          """
          INSERT INTO registration_tokens (id, tenant, description, profile, high_assurance,
              manages_profile, uses, uses_left, created_at, expires, created_by, creator,
              revoked_at, hint, secret_hash, sealed_secret)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """, token.id, token.tenant, token.description, token.profile,
          token.allowsHighAssurance, token.managesProfile, token.uses, token.usesLeft,
          token.createdAt, token.expires, token.createdBy, token.creator, token.revokedAt,
          token.hint, token.secretHash, Data(token.sealedSecret))
      }
      try db.append(audit)
    }
  }

  package func registrationToken(_ id: String) async throws(Refusal) -> RegistrationToken? {
    try await read { db in
      try db.row("\(Self.registrationColumns) WHERE id = ?", id)
        .map(Self.registrationToken)
    }
  }

  package func registrationTokens(
    _ view: Visibility, _ filter: RegistrationTokenFilter, now: Int64, _ page: PageRequest
  ) async throws(Refusal) -> Page<RegistrationToken> {
    try await read { db in
      var selection = Selection()
      selection.see(view)
      selection.require("created_by", equals: view.owner)
      selection.require("tenant", equals: filter.tenant)
      switch filter.status {
      case .active?:
        selection.require("revoked_at IS NULL AND (expires IS NULL OR expires > ?)", now)
        selection.require("uses_left > 0 AND \(Self.makerServes)")
      case .expired?: selection.require("revoked_at IS NULL AND expires <= ?", now)
      case .usedUp?:
        selection.require("revoked_at IS NULL AND (expires IS NULL OR expires > ?)", now)
        selection.require("uses_left = 0 AND \(Self.makerServes)")
      case .suspended?:
        selection.require("revoked_at IS NULL AND (expires IS NULL OR expires > ?)", now)
        selection.require("NOT \(Self.makerServes)")
      case .revoked?: selection.require("revoked_at IS NOT NULL")
      case nil: break
      }
      // Of whoever pastes the whole secret, the list knows its first characters.
      try selection.search(
        filter.text, in: ["description", "creator"],
        or: ["instr(hint, ?) = 1", "instr(?, hint) = 1"])
      return try db.page(Self.registrationList, selection, page, Self.registrationToken)
    }
  }

  package func revoke(
    registrationTokens: [String], at now: Int64, audit: [AuditEntry]
  ) async throws(Refusal) {
    try await write { db in
      try db.run(
        """
        UPDATE registration_tokens SET revoked_at = ?
          WHERE revoked_at IS NULL AND id IN (SELECT value FROM json_each(?))
        """, now, JSON.list(registrationTokens))
      try db.append(audit)
    }
  }

  package func delete(
    registrationTokens: [String], audit: [AuditEntry]
  ) async throws(Refusal) {
    try await write { db in
      try db.run(
        "DELETE FROM registration_tokens WHERE id IN (SELECT value FROM json_each(?))",
        JSON.list(registrationTokens))
      try db.append(audit)
    }
  }

  package func enrol(
    secretHash: String, agent: String,
    decide:
      @escaping @Sendable (RegistrationToken, AgentRecord?) throws(Refusal) -> EnrolmentDecision
  ) async throws(Refusal) -> AgentRecord {
    try await write { db in
      guard
        let row = try db.row(
          "\(Self.registrationColumns) WHERE secret_hash = ?", secretHash)
      else {
        throw Refusal(
          .registrationUnknown, "Nobody knows that registration token.",
          hint: "Ask whoever gave it to you for another one.")
      }
      let token = Self.registrationToken(row)
      let present = try db.agentInService(tenant: token.tenant, agent: agent)
      let decision = try decide(token, present)
      if decision.takesUse {
        guard
          try db.run(
            "UPDATE registration_tokens SET uses_left = uses_left - 1 WHERE id = ? AND uses_left > 0",
            token.id) == 1
        else {
          throw Refusal(
            .registrationUsedUp, "All uses of that registration token are taken.",
            hint: "Ask whoever gave it to you for another one.")
        }
      }
      try db.keep(
        decision.record, inPlaceOf: present, useOf: decision.takesUse ? token.id : nil)
      try db.append(decision.audit)
      return decision.record
    }
  }

  package func forgetPending(enrolledBefore time: Int64) async throws(Refusal) -> Int {
    try await write { db in
      let rows = try db.rows(
        """
        SELECT number, use_of FROM agents WHERE state = 'pending' AND enrolled_at < ?
          AND last_seen IS NULL
          AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.agent = agents.number)
        """, time)
      for row in rows {
        try db.run("DELETE FROM agents WHERE number = ?", row.number("number"))
        guard let token = row.optionalText("use_of") else { continue }
        try db.run(
          "UPDATE registration_tokens SET uses_left = min(uses, uses_left + 1) WHERE id = ?",
          token)
      }
      return rows.count
    }
  }
}

extension Database {
  /// - Throws: `conflict` where the profile that a token gives went away, or is another tenant's: it
  ///   would enrol nobody.
  fileprivate func requireProfile(of token: RegistrationToken) throws {
    guard let profile = token.profile else { return }
    let row = try row(
      "SELECT 1 FROM profiles WHERE id = ? AND (tenant IS NULL OR tenant = ?)", profile,
      token.tenant)
    guard row == nil else { return }
    throw Refusal(.conflict, "The profile \(profile.quoted()) is not there any more.")
  }
}
