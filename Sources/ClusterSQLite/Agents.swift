package import AgentToken
package import Cluster
internal import GRDB
internal import Issuing
internal import JSON

extension SQLiteStore {
  private static let agentList = List(
    name: "agents", select: AgentRows.short, order: .byName(["tenant", "agent", "id"]))

  package func agent(_ id: String) async throws(Refusal) -> AgentRecord? {
    try await read { try $0.row("\(AgentRows.whole) WHERE id = ?", id).map(AgentRows.record) }
  }

  package func agents(tenant: String, agent: String) async throws(Refusal) -> [AgentRecord] {
    try await read { db in
      try db.rows(
        """
        \(AgentRows.short) WHERE tenant = ? AND agents.agent = ? ORDER BY number DESC
          LIMIT \(PageRequest.largest)
        """, tenant, agent
      ).map(AgentRows.record)
    }
  }

  package func agents(
    _ view: Visibility, _ filter: AgentFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<AgentRecord> {
    try await read { db in
      var selection = Selection()
      selection.see(view)
      selection.require("owner", equals: view.owner)
      selection.require("tenant", equals: filter.tenant)
      selection.require("state", equals: filter.state?.rawValue)
      selection.require("protection", equals: filter.protection)
      if let label = filter.label {
        let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          throw Refusal(.invalid, "A label is looked for as NAME=VALUE, not \(label.quoted()).")
        }
        selection.require(
          """
          EXISTS (SELECT 1 FROM agent_labels WHERE agent_labels.agent = agents.number
            AND name = ? AND value = ?)
          """, String(parts[0]), String(parts[1]))
      }
      if let time = filter.seenBefore { selection.require("last_seen < ?", time) }
      if let ids = filter.ids {
        selection.require("id IN (SELECT value FROM json_each(?))", JSON.list(ids))
      }
      try selection.search(filter.text, in: ["agent", "hostname"])
      return try db.page(Self.agentList, selection, page, AgentRows.record)
    }
  }

  package func agentCounts(
    _ view: Visibility
  ) async throws(Refusal) -> (states: [AgentRecord.State: Int], protection: [String: Int]) {
    try await read { db in
      var selection = Selection()
      selection.see(view)
      selection.require("owner", equals: view.owner)
      let clause = (["TRUE"] + selection.conditions).joined(separator: " AND ")
      var states: [AgentRecord.State: Int] = [:]
      var protection: [String: Int] = [:]
      for row in try db.list(
        """
        SELECT state, protection, count(*) AS count FROM agents WHERE \(clause)
          GROUP BY state, protection
        """, selection.values)
      {
        let state = try row.word("state", AgentRecord.State.self)
        let count = Int(row.number("count"))
        states[state, default: 0] += count
        if state == .active, let word = row.optionalText("protection") {
          protection[word, default: 0] += count
        }
      }
      return (states: states, protection: protection)
    }
  }

  package func add(_ agent: AgentRecord, alarm: Alarm?) async throws(Refusal) {
    try await write { db in
      try db.keep(agent)
      if let alarm { try db.raise(alarm) }
    }
  }

  package func keep(report: AgentReport, of agent: String) async throws(Refusal) {
    try await write { db in
      let changed = try db.run(
        """
        UPDATE agents SET state = 'active', last_seen = max(coalesce(last_seen, 0), ?1),
            reported_at = ?1, protection = ?2, version = ?3, clock = ?4, enrolment = ?5,
            bundle_sequence = ?6, revocations_sequence = ?7, profile_version = ?8
          WHERE id = ?9 AND state <> 'retired'
        """, report.at, report.protection, report.version, report.clock, report.enrolment,
        report.bundleSequence, report.revocationsSequence, report.profileVersion, agent)
      guard changed == 1 else { throw Refusal.missing("agent", agent) }
      try db.keepTexts(of: report, agent: db.number(ofAgent: agent))
    }
  }

  package func keep(lastSeen: [String: Int64]) async throws(Refusal) {
    try await write { db in
      for (agent, time) in lastSeen {
        try db.run(
          "UPDATE agents SET last_seen = ?1 WHERE id = ?2 AND coalesce(last_seen, 0) < ?1", time,
          agent)
      }
    }
  }

  package func keep(
    certificateSerial: String, keyHash: String, expires: Int64, of agent: String,
    audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      let changed = try db.run(
        """
        UPDATE agents SET certificate_serial = ?, certificate_expires = ?
          WHERE id = ? AND state <> 'retired' AND key_hash = ?
        """, certificateSerial, expires, agent, keyHash)
      guard changed == 1 else { throw Refusal.missing("agent", agent) }
      try db.append(audit)
    }
  }

  package func keep(profiles: [String: SentProfile]) async throws(Refusal) {
    try await write { db in
      for (agent, profile) in profiles {
        try db.run(
          "UPDATE agents SET sent_version = ?, sent_settings = ?, sent_source = ? WHERE id = ?",
          profile.version, profile.settingsHash, profile.source, agent)
      }
    }
  }

  package func set(
    labels: [String: String], following seen: [String: String]?, of agent: String,
    audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      let row = try db.row("\(AgentRows.short) WHERE id = ?", agent)
      if let seen, let present = try row.map(AgentRows.record)?.labels, present != seen {
        throw Refusal(
          .conflict, "The agent's labels were changed by somebody else just now.",
          hint: "Look at them again, then try again.")
      }
      try db.setLabels(labels, ofAgent: db.number(ofAgent: agent))
      try db.append(audit)
    }
  }

  package func set(
    ownProfile: String?, of agent: String, audit: AuditEntry
  ) async throws(Refusal) {
    try await write { db in
      guard try db.run("UPDATE agents SET own_profile = ? WHERE id = ?", ownProfile, agent) == 1
      else { throw Refusal.missing("agent", agent) }
      try db.append(audit)
    }
  }

  package func retire(agent: String, audit: AuditEntry) async throws(Refusal) {
    try await write { db in
      guard try db.run("UPDATE agents SET state = 'retired' WHERE id = ?", agent) == 1 else {
        throw Refusal.missing("agent", agent)
      }
      try db.append(audit)
    }
  }
}
