package import AgentToken

/// Which agents are asked for; nil and "" for any.
package struct AgentFilter: Sendable {
  package var tenant: String?
  package var state: AgentRecord.State?
  package var protection: String?
  /// NAME=VALUE.
  package var label: String?
  /// Part of its id or host name.
  package var text: String
  /// Only these records, such as those that are connected.
  package var ids: [String]?
  /// Only those that were heard of once, and not since then.
  package var seenBefore: Int64?

  package init(
    tenant: String? = nil, state: AgentRecord.State? = nil, protection: String? = nil,
    label: String? = nil, text: String = "", ids: [String]? = nil, seenBefore: Int64? = nil
  ) {
    self.tenant = tenant
    self.state = state
    self.protection = protection
    self.label = label
    self.text = text
    self.ids = ids
    self.seenBefore = seenBefore
  }
}

package protocol AgentStore: Sendable {
  func agent(_ id: String) async throws(Refusal) -> AgentRecord?
  /// The records of an agent's name in a tenant, clones and retired ones too, as in lists; the newest
  /// first, and of very many the newest.
  func agents(tenant: String, agent: String) async throws(Refusal) -> [AgentRecord]
  /// By tenant, then the agent's id. Of their reports `status` and `doctor` are left out (""): only
  /// one agent's record has them.
  func agents(
    _ view: Visibility, _ filter: AgentFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<AgentRecord>
  /// How many there are in each state, and of the active ones in each state of protection.
  func agentCounts(
    _ view: Visibility
  ) async throws(Refusal) -> (states: [AgentRecord.State: Int], protection: [String: Int])

  /// Adds a record beside those there are: a clone.
  ///
  /// - Throws: `conflict` where it is no clone, and an agent of its name is in service.
  func add(_ agent: AgentRecord, alarm: Alarm?) async throws(Refusal)
  /// What an agent says of itself; makes a pending one active. Where it has no `doctor`, the one
  /// before stays.
  ///
  /// - Throws: `not_found`, also where it is retired.
  func keep(report: AgentReport, of agent: String) async throws(Refusal)
  func keep(lastSeen: [String: Int64]) async throws(Refusal)
  /// Another certificate for the key that an agent has.
  ///
  /// - Throws: `not_found`, also where it has another key by now.
  func keep(
    certificateSerial: String, keyHash: String, expires: Int64, of agent: String,
    audit: AuditEntry
  ) async throws(Refusal)
  func keep(profiles: [String: SentProfile]) async throws(Refusal)
  /// - Parameter seen: the labels that it is to have now; nil for whichever there are.
  /// - Throws: `not_found`; `conflict` where it has others than were seen.
  func set(
    labels: [String: String], following seen: [String: String]?, of agent: String,
    audit: AuditEntry
  ) async throws(Refusal)
  /// - Throws: `not_found`.
  func set(ownProfile: String?, of agent: String, audit: AuditEntry) async throws(Refusal)
  /// - Throws: `not_found`.
  func retire(agent: String, audit: AuditEntry) async throws(Refusal)
}
