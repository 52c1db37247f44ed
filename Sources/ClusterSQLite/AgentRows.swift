internal import AgentToken
internal import Cluster
internal import FoundationEssentials
internal import GRDB
internal import JSON

/// How an agent's record stands in the database.
enum AgentRows {
  private static let labels = """
    (SELECT json_group_object(name, value) FROM agent_labels
      WHERE agent_labels.agent = agents.number) AS labels
    """

  /// Without the long texts of its report.
  static let short = "SELECT agents.*, '' AS status, NULL AS doctor, \(labels) FROM agents"

  static let whole = """
    SELECT agents.*, coalesce(reports.status, '') AS status, reports.doctor AS doctor, \(labels)
      FROM agents LEFT JOIN reports ON reports.agent = agents.number
    """

  static func record(_ row: Row) throws -> AgentRecord {
    let labels = try JSON.parse(Array(row.text("labels").utf8)).members ?? []
    return AgentRecord(
      id: row.text("id"), tenant: row.text("tenant"), agent: row.text("agent"),
      hostname: row.text("hostname"), machine: row.text("machine"),
      cloneOf: row.optionalText("clone_of"), state: try row.word("state", AgentRecord.State.self),
      enrolledAt: row.number("enrolled_at"), owner: row.text("owner"),
      ownerName: row.text("owner_name"), registrationToken: row.text("registration_token"),
      allowsHighAssurance: row.flag("high_assurance"),
      ownProfile: row.optionalText("own_profile"),
      labels: Dictionary(
        labels.compactMap { label in label.value.string.map { (label.name, $0) } },
        uniquingKeysWith: { first, _ in first }),
      keyHash: row.text("key_hash"), certificateSerial: row.text("certificate_serial"),
      certificateExpires: row.number("certificate_expires"),
      lastSeen: row.optionalNumber("last_seen"), report: report(row),
      ledger: LedgerPosition(
        size: row.number("ledger_size"), lines: row.number("ledger_lines"),
        peaks: peaks(row.bytes("ledger_peaks")),
        key: row.optionalText("ledger_key")),
      profile: SentProfile(
        version: row.number("sent_version"), settingsHash: row.text("sent_settings"),
        source: row.text("sent_source")))
  }

  private static func report(_ row: Row) -> AgentReport? {
    guard let at = row.optionalNumber("reported_at") else { return nil }
    return AgentReport(
      protection: row.text("protection"), version: row.text("version"), clock: row.text("clock"),
      enrolment: row.optionalText("enrolment"), bundleSequence: row.number("bundle_sequence"),
      revocationsSequence: row.number("revocations_sequence"),
      profileVersion: row.number("profile_version"), status: row.text("status"),
      doctor: row.optionalText("doctor"), at: at)
  }

  static func peaks(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 32).map { Array(bytes[$0..<min($0 + 32, bytes.count)]) }
  }

  static func bytes(_ peaks: [[UInt8]]) -> Data { Data(peaks.joined()) }
}

extension Database {
  /// The agent of that id that is neither retired nor a clone.
  func agentInService(tenant: String, agent: String) throws -> AgentRecord? {
    try row(
      """
      \(AgentRows.whole)
        WHERE tenant = ? AND agents.agent = ? AND state <> 'retired' AND clone_of IS NULL
      """, tenant, agent
    ).map(AgentRows.record)
  }

  /// Adds a record, or puts it in the place of the one of its id.
  ///
  /// - Parameters:
  ///   - present: what is in service by its name.
  ///   - useOf: the registration token that a use was taken of.
  func keep(
    _ record: AgentRecord, inPlaceOf present: AgentRecord? = nil, useOf: String? = nil
  ) throws {
    let number: Int64
    if let present, present.id == record.id {
      number = try replace(present, record, useOf)
    } else {
      number = try unlessThere("There is an agent \(record.agent.quoted()) already.") {
        try add(record, useOf)
      }
    }
    try setLabels(record.labels, ofAgent: number)
    if let report = record.report {
      try keepTexts(of: report, agent: number)
    } else {
      try run("DELETE FROM reports WHERE agent = ?", number)
    }
  }

  private func add(_ record: AgentRecord, _ useOf: String?) throws -> Int64 {
    let report = record.report
    try run(
      """
      INSERT INTO agents (id, tenant, agent, hostname, machine, clone_of, state, enrolled_at,
          owner, owner_name, registration_token, use_of, high_assurance, own_profile, key_hash,
          certificate_serial, certificate_expires, last_seen, reported_at, protection, version,
          clock, enrolment, bundle_sequence, revocations_sequence, profile_version, ledger_size,
          ledger_lines, ledger_peaks, ledger_key, sent_version, sent_settings, sent_source)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?)
      """, record.id, record.tenant, record.agent, record.hostname, record.machine,
      record.cloneOf, record.state.rawValue, record.enrolledAt, record.owner, record.ownerName,
      record.registrationToken, useOf, record.allowsHighAssurance, record.ownProfile,
      record.keyHash, record.certificateSerial, record.certificateExpires, record.lastSeen,
      report?.at, report?.protection, report?.version, report?.clock, report?.enrolment,
      report?.bundleSequence, report?.revocationsSequence, report?.profileVersion,
      record.ledger.size, record.ledger.lines, AgentRows.bytes(record.ledger.peaks),
      record.ledger.key, record.profile.version, record.profile.settingsHash,
      record.profile.source)
    return lastInsertedRowID
  }

  private func replace(
    _ present: AgentRecord, _ record: AgentRecord, _ useOf: String?
  ) throws -> Int64 {
    let report = record.report
    try run(
      """
      UPDATE agents SET hostname = ?, machine = ?, clone_of = ?, state = ?, enrolled_at = ?,
          owner = ?, owner_name = ?, registration_token = ?, use_of = coalesce(?, use_of),
          high_assurance = ?, own_profile = ?, key_hash = ?, certificate_serial = ?,
          certificate_expires = ?, last_seen = ?, reported_at = ?, protection = ?, version = ?,
          clock = ?, enrolment = ?, bundle_sequence = ?, revocations_sequence = ?,
          profile_version = ?, ledger_size = ?, ledger_lines = ?,
          ledger_peaks = ?, ledger_key = ?, sent_version = ?, sent_settings = ?, sent_source = ?
        WHERE id = ?
      """, record.hostname, record.machine, record.cloneOf, record.state.rawValue,
      record.enrolledAt, record.owner, record.ownerName, record.registrationToken, useOf,
      record.allowsHighAssurance, record.ownProfile, record.keyHash, record.certificateSerial,
      record.certificateExpires, record.lastSeen, report?.at, report?.protection,
      report?.version, report?.clock, report?.enrolment, report?.bundleSequence,
      report?.revocationsSequence, report?.profileVersion, record.ledger.size,
      record.ledger.lines, AgentRows.bytes(record.ledger.peaks), record.ledger.key,
      record.profile.version, record.profile.settingsHash, record.profile.source, record.id)
    return try number(ofAgent: record.id)
  }

  /// - Throws: `not_found`.
  func number(ofAgent id: String) throws -> Int64 {
    guard let row = try row("SELECT number FROM agents WHERE id = ?", id) else {
      throw Refusal.missing("agent", id)
    }
    return row.number("number")
  }

  func setLabels(_ labels: [String: String], ofAgent number: Int64) throws {
    try run("DELETE FROM agent_labels WHERE agent = ?", number)
    for (name, value) in labels {
      try run("INSERT INTO agent_labels VALUES (?, ?, ?)", number, name, value)
    }
  }

  /// Writes them only where they are others than before: they are long, and seldom so.
  func keepTexts(of report: AgentReport, agent number: Int64) throws {
    try run(
      """
      INSERT INTO reports VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET status = ?2, doctor = coalesce(?3, doctor)
        WHERE status <> ?2 OR ?3 IS NOT NULL AND doctor IS NOT ?3
      """, number, report.status, report.doctor)
  }
}
