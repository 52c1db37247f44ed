package import AgentToken
package import Cluster
internal import GRDB
internal import JSON

extension SQLiteStore {
  /// Each version, with what holds of all of them.
  private static let columns = """
    SELECT id, name, tenant, profile_versions.version AS version, settings, changed_at, changed_by
      FROM profiles JOIN profile_versions ON profile = id
    """

  private static let newest =
    columns + " AND profile_versions.version = profiles.version"

  private static let profileList = List(
    name: "profiles", select: newest, order: .byName(["name"]))

  private static let versionList = List(
    name: "profile-versions", select: "SELECT * FROM (\(columns))", order: .newest("version"))

  private static func profile(_ row: Row) -> Profile {
    Profile(
      id: row.text("id"), name: row.text("name"), tenant: row.optionalText("tenant"),
      version: row.number("version"), settings: row.text("settings"),
      changedAt: row.number("changed_at"), changedBy: row.text("changed_by"))
  }

  package func profile(_ id: String) async throws(Refusal) -> Profile? {
    try await read { try $0.row("\(Self.newest) WHERE id = ?", id).map(Self.profile) }
  }

  package func profiles(
    _ view: Visibility, _ page: PageRequest
  ) async throws(Refusal) -> Page<Profile> {
    try await read { db in
      var selection = Selection()
      if let tenants = view.tenants {
        selection.require(
          "tenant IS NULL OR tenant IN (SELECT value FROM json_each(?))", JSON.list(tenants))
      }
      return try db.page(Self.profileList, selection, page, Self.profile)
    }
  }

  package func versions(
    of profile: String, _ page: PageRequest
  ) async throws(Refusal) -> Page<Profile> {
    try await read { db in
      var selection = Selection()
      selection.require("id", equals: profile)
      return try db.page(Self.versionList, selection, page, Self.profile)
    }
  }

  package func create(_ profile: Profile, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      try unlessThere("There is a profile \(profile.name.quoted()) already.") {
        try db.run(
          "INSERT INTO profiles VALUES (?, ?, ?, ?)", profile.id, profile.name, profile.tenant,
          profile.version)
      }
      try db.addVersion(profile)
      try db.append(audit)
    }
  }

  package func change(_ profile: Profile, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      guard let row = try db.row("SELECT version FROM profiles WHERE id = ?", profile.id) else {
        throw Refusal.missing("profile", profile.id)
      }
      guard row.number("version") + 1 == profile.version else {
        throw Refusal(
          .conflict, "The profile is at version \(row.number("version")) by now.",
          hint: "Look at what was changed, then try again.")
      }
      try unlessThere("There is a profile \(profile.name.quoted()) already.") {
        try db.run(
          "UPDATE profiles SET name = ?, tenant = ?, version = ? WHERE id = ?", profile.name,
          profile.tenant, profile.version, profile.id)
      }
      try db.addVersion(profile)
      try db.append(audit)
    }
  }

  package func delete(profile: String, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      for (use, hint, row) in [
        (
          "assigned", "Assign another one in its place first.",
          try db.row("SELECT 1 FROM profile_assignments WHERE profile = ? LIMIT 1", profile)
        ),
        (
          "an agent's own", "Give the agents that have it another one first.",
          try db.row(
            "SELECT 1 FROM agents WHERE own_profile = ? AND state <> 'retired' LIMIT 1", profile)
        ),
        (
          "what a registration token gives", "Revoke the tokens that name it first.",
          try db.row(
            """
            SELECT 1 FROM registration_tokens WHERE profile = ? AND revoked_at IS NULL
              AND uses_left > 0 LIMIT 1
            """, profile)
        ),
      ] where row != nil {
        throw Refusal(.conflict, "The profile is in use: it is \(use).", hint: hint)
      }
      guard try db.run("DELETE FROM profiles WHERE id = ?", profile) == 1 else {
        throw Refusal.missing("profile", profile)
      }
      try db.append(audit)
    }
  }

  package func assignments() async throws(Refusal) -> [ProfileAssignment] {
    try await read { db in
      try db.rows("SELECT * FROM profile_assignments ORDER BY tenant, label").map { row in
        let label = row.text("label")
        return ProfileAssignment(
          profile: row.text("profile"), tenant: row.text("tenant"),
          label: label.isEmpty ? nil : label)
      }
    }
  }

  package func assign(
    _ assignment: ProfileAssignment, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      try db.run(
        """
        INSERT INTO profile_assignments (profile, tenant, label) VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET profile = excluded.profile
        """, assignment.profile, assignment.tenant, assignment.label ?? "")
      try db.append(audit)
    }
  }

  package func unassign(
    _ assignment: ProfileAssignment, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      guard
        try db.run(
          "DELETE FROM profile_assignments WHERE profile = ? AND tenant = ? AND label = ?",
          assignment.profile, assignment.tenant, assignment.label ?? "") == 1
      else { throw Refusal(.notFound, "The profile is not assigned so.") }
      try db.append(audit)
    }
  }
}

extension Database {
  fileprivate func addVersion(_ profile: Profile) throws {
    try run(
      "INSERT INTO profile_versions VALUES (?, ?, ?, ?, ?)", profile.id, profile.version,
      profile.settings, profile.changedAt, profile.changedBy)
  }
}
