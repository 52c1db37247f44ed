internal import AgentToken
internal import Cluster
internal import GRDB
internal import JSON

/// What is in the database, in versions. A version that has been released is never changed: what is new
/// comes as another one.
enum Schema {
  /// "hldf": what file(1) and we know a cluster's database by.
  static let applicationID: Int64 = 0x686C_6466

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1") { try $0.execute(sql: v1) }
    return migrator
  }

  /// - Throws: `store_failed` for what is no cluster's database, or a newer version's.
  static func check(_ path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { try check($0, path) }
    try queue.close()
  }

  private static func check(_ db: Database, _ path: String) throws {
    let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
    guard id == applicationID || id == 0 && isEmpty else {
      throw Refusal(
        .storeFailed, "\(path.quoted()) is a database, but not a cluster's.",
        hint: "Name the data directory of a cluster.")
    }
    guard try !migrator.hasBeenSuperseded(db) else {
      throw Refusal(
        .storeFailed, "The database \(path.quoted()) was changed by a newer version of Holdfast.",
        hint: "Install that version, or restore a backup from before.")
    }
  }

  /// Times are seconds since the epoch. Lists that show the newest first go by `number`, which every
  /// index ends with by itself.
  private static let v1 = """
    PRAGMA application_id = 1751934054;

    CREATE TABLE tenants (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
      id TEXT PRIMARY KEY NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL,
      all_tenants INTEGER NOT NULL,
      disabled INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      created_by TEXT NOT NULL,
      last_used_at INTEGER,
      secret_hash TEXT NOT NULL
    ) STRICT;

    CREATE TABLE account_tenants (
      account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
      tenant TEXT NOT NULL REFERENCES tenants,
      PRIMARY KEY (account, tenant)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX account_tenants_by_tenant ON account_tenants (tenant);

    CREATE TABLE sessions (
      token_hash TEXT PRIMARY KEY NOT NULL,
      account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
      created_at INTEGER NOT NULL,
      expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_by_account ON sessions (account);
    CREATE INDEX sessions_by_end ON sessions (expires);

    CREATE TABLE profiles (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL UNIQUE,
      tenant TEXT REFERENCES tenants ON DELETE CASCADE,
      -- The newest.
      version INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX profiles_by_tenant ON profiles (tenant);

    CREATE TABLE profile_versions (
      profile TEXT NOT NULL REFERENCES profiles ON DELETE CASCADE,
      version INTEGER NOT NULL,
      settings TEXT NOT NULL,
      changed_at INTEGER NOT NULL,
      changed_by TEXT NOT NULL,
      PRIMARY KEY (profile, version)
    ) STRICT;

    -- The key's columns come first: SQLite 3.40 takes such a table for damaged where they do not.
    CREATE TABLE profile_assignments (
      tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
      -- NAME=VALUE; empty for every agent of the tenant.
      label TEXT NOT NULL,
      profile TEXT NOT NULL REFERENCES profiles ON DELETE CASCADE,
      PRIMARY KEY (tenant, label)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX profile_assignments_by_profile ON profile_assignments (profile);

    CREATE TABLE registration_tokens (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
      description TEXT NOT NULL,
      profile TEXT,
      high_assurance INTEGER NOT NULL,
      manages_profile INTEGER NOT NULL,
      uses INTEGER NOT NULL,
      uses_left INTEGER NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
      created_at INTEGER NOT NULL,
      expires INTEGER,
      created_by TEXT NOT NULL,
      creator TEXT NOT NULL,
      revoked_at INTEGER,
      hint TEXT NOT NULL,
      secret_hash TEXT NOT NULL UNIQUE,
      sealed_secret BLOB NOT NULL
    ) STRICT;
    CREATE INDEX registration_tokens_by_tenant ON registration_tokens (tenant);
    CREATE INDEX registration_tokens_by_creator ON registration_tokens (created_by);
    CREATE INDEX registration_tokens_by_profile ON registration_tokens (profile)
      WHERE profile IS NOT NULL;

    CREATE TABLE agents (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL REFERENCES tenants,
      agent TEXT NOT NULL,
      hostname TEXT NOT NULL,
      machine TEXT NOT NULL,
      clone_of TEXT,
      state TEXT NOT NULL,
      enrolled_at INTEGER NOT NULL,
      owner TEXT NOT NULL,
      owner_name TEXT NOT NULL,
      registration_token TEXT NOT NULL,
      -- The registration token that a use was taken of.
      use_of TEXT,
      high_assurance INTEGER NOT NULL,
      own_profile TEXT REFERENCES profiles ON DELETE SET NULL,
      key_hash TEXT NOT NULL,
      certificate_serial TEXT NOT NULL,
      certificate_expires INTEGER NOT NULL,
      last_seen INTEGER,
      -- Of its last report; NULL together until there is one.
      reported_at INTEGER,
      protection TEXT,
      version TEXT,
      clock TEXT,
      enrolment TEXT,
      bundle_sequence INTEGER,
      revocations_sequence INTEGER,
      profile_version INTEGER,
      -- Where its ledger stands.
      ledger_size INTEGER NOT NULL,
      ledger_lines INTEGER NOT NULL,
      ledger_peaks BLOB NOT NULL,
      ledger_key TEXT,
      -- The profile that was last signed for it.
      sent_version INTEGER NOT NULL,
      sent_settings TEXT NOT NULL,
      sent_source TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX agents_in_service ON agents (tenant, agent)
      WHERE state <> 'retired' AND clone_of IS NULL;
    CREATE INDEX agents_by_name ON agents (tenant, agent, id);
    CREATE INDEX agents_by_owner ON agents (owner, tenant, agent, id);
    CREATE INDEX agents_by_state ON agents (state, tenant, agent, id);
    CREATE INDEX agents_by_protection ON agents (protection, tenant, agent, id);
    CREATE INDEX agents_by_profile ON agents (own_profile) WHERE own_profile IS NOT NULL;

    -- The long texts of reports, apart from what lists show.
    CREATE TABLE reports (
      agent INTEGER PRIMARY KEY REFERENCES agents ON DELETE CASCADE,
      status TEXT NOT NULL,
      doctor TEXT
    ) STRICT;

    CREATE TABLE agent_labels (
      agent INTEGER NOT NULL REFERENCES agents ON DELETE CASCADE,
      name TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (agent, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX agent_labels_by_value ON agent_labels (name, value);

    -- In the order in which records came. A ledger that was set back or begun anew has two of one
    -- sequence.
    CREATE TABLE ledger (
      number INTEGER PRIMARY KEY,
      agent INTEGER NOT NULL REFERENCES agents,
      sequence INTEGER NOT NULL,
      time INTEGER NOT NULL,
      event TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX ledger_by_sequence ON ledger (agent, sequence);

    CREATE TABLE issued_tokens (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      jti TEXT NOT NULL UNIQUE,
      scope TEXT NOT NULL,
      tenant TEXT,
      agent TEXT,
      kid TEXT NOT NULL,
      role TEXT NOT NULL,
      answers_challenge INTEGER NOT NULL,
      window INTEGER,
      -- A JSON array.
      services TEXT NOT NULL,
      issued_at INTEGER NOT NULL,
      expires INTEGER NOT NULL,
      issued_by TEXT NOT NULL,
      issuer TEXT NOT NULL,
      revoked_at INTEGER,
      used INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX issued_tokens_by_tenant ON issued_tokens (tenant, agent);
    CREATE INDEX issued_tokens_by_agent ON issued_tokens (agent);
    CREATE INDEX issued_tokens_by_issuer ON issued_tokens (issued_by);

    CREATE TABLE token_uses (
      number INTEGER PRIMARY KEY,
      token TEXT NOT NULL REFERENCES issued_tokens (jti),
      agent TEXT NOT NULL,
      at INTEGER NOT NULL,
      record INTEGER NOT NULL,
      meant INTEGER NOT NULL,
      UNIQUE (token, agent, record)
    ) STRICT;

    CREATE TABLE alarms (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      tenant TEXT NOT NULL,
      agent TEXT NOT NULL,
      message TEXT NOT NULL,
      acknowledged_at INTEGER,
      acknowledged_by TEXT
    ) STRICT;
    CREATE INDEX alarms_by_agent ON alarms (agent, kind);
    CREATE INDEX alarms_by_tenant ON alarms (tenant);
    CREATE INDEX alarms_open ON alarms (kind) WHERE acknowledged_at IS NULL;

    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      account TEXT NOT NULL,
      name TEXT NOT NULL,
      source TEXT NOT NULL,
      action TEXT NOT NULL,
      tenant TEXT,
      target TEXT NOT NULL,
      details TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_tenant ON audit (tenant);
    CREATE INDEX audit_by_account ON audit (account);
    CREATE INDEX audit_by_name ON audit (name);
    CREATE INDEX audit_by_action ON audit (action);
    CREATE INDEX audit_by_time ON audit (at);

    CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is not shortened'); END;
    CREATE TRIGGER audit_stands BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is not rewritten'); END;

    CREATE TABLE counters (
      name TEXT PRIMARY KEY NOT NULL,
      value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE texts (
      name TEXT PRIMARY KEY NOT NULL,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE idempotency (
      account TEXT NOT NULL,
      key TEXT NOT NULL,
      request TEXT NOT NULL,
      begun_at INTEGER NOT NULL,
      -- Both NULL until it is answered.
      status INTEGER,
      body BLOB,
      PRIMARY KEY (account, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_by_time ON idempotency (begun_at);
    """
}
