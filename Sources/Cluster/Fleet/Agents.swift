package import AgentToken
internal import Issuing
internal import JSON

/// An agent as it is listed.
package struct AgentEntry: Sendable {
  package let record: AgentRecord
  package let isConnected: Bool

  init(_ record: AgentRecord, _ hub: LinkHub) {
    self.record = record
    isConnected = hub.isConnected(record.id)
  }
}

extension ControlPlane {
  /// The agents that the caller sees.
  ///
  /// - Parameter isConnected: nil for any.
  /// - Returns: a page, which may have fewer than were asked for although there are more behind it.
  package func agents(
    _ caller: Caller, _ filter: AgentFilter = AgentFilter(), isConnected: Bool? = nil,
    _ page: PageRequest = PageRequest()
  ) async throws(Refusal) -> Page<AgentEntry> {
    var filter = filter
    if isConnected == true {
      let connected = hub.connected
      filter.ids = filter.ids.map { $0.filter(Set(connected).contains) } ?? connected
    }
    let found = try await store.agents(caller.view, filter, page).map { AgentEntry($0, hub) }
    guard let isConnected else { return found }
    return Page(items: found.items.filter { $0.isConnected == isConnected }, next: found.next)
  }

  package func agent(_ caller: Caller, _ id: String) async throws(Refusal) -> AgentEntry {
    AgentEntry(try await seen(caller, id), hub)
  }

  /// - Throws: `not_found`, also where the caller may not know of it.
  func seen(_ caller: Caller, _ id: String) async throws(Refusal) -> AgentRecord {
    guard let agent = try await store.agent(id), caller.view.shows(agent) else {
      throw Refusal.missing("agent", id)
    }
    return agent
  }

  /// Puts labels in place of those that an agent has; its profile may be another one then.
  ///
  /// - Parameter known: those that the caller has seen; nil for whichever there are.
  /// - Throws: `conflict` where there are others.
  package func setLabels(
    _ caller: Caller, agent id: String, _ labels: [String: String],
    following known: [String: String]? = nil
  ) async throws(Refusal) -> AgentEntry {
    try caller.require(.labelAgents)
    let agent = try await seen(caller, id)
    try Labels.check(labels)
    let sorted = labels.sorted { $0.key < $1.key }
    let json: JSON = [
      "labels": .array(sorted.map { .string("\($0.key)=\($0.value)") })
    ]
    try await store.set(
      labels: labels, following: known, of: id,
      audit: caller.entry(
        "agent.label", at: now(), tenant: agent.tenant, target: id, details: json.encoded()))
    await spread(agents: [id])
    return AgentEntry(try await seen(caller, id), hub)
  }

  /// Takes an agent out of service: its certificate is dead, its link ends. The host stays as it is
  /// protected.
  package func retireAgent(_ caller: Caller, _ id: String) async throws(Refusal) -> AgentEntry {
    try caller.require(.retireAgents)
    let agent = try await seen(caller, id)
    if agent.state != .retired {
      let json: JSON = ["agent": .string(agent.agent)]
      try await store.retire(
        agent: id,
        audit: caller.entry(
          "agent.retire", at: now(), tenant: agent.tenant, target: id, details: json.encoded()))
    }
    hub.close(id, reason: "retired", after: 3600)
    return AgentEntry(try await seen(caller, id), hub)
  }

  /// A part of an agent's ledger, from a record on.
  package func ledger(
    _ caller: Caller, agent id: String, since: Int64 = 1, limit: Int = PageRequest.usual
  ) async throws(Refusal) -> [LedgerLine] {
    _ = try await seen(caller, id)
    return try await store.ledger(
      of: id, since: max(since, 0), limit: min(max(limit, 1), PageRequest.largest))
  }
}
