package import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

/// What became of the wish to have an agent protected at once.
package struct ProtectOutcome: Sendable {
  /// The record's id.
  package let agent: String
  /// Whether it was told; where not, it protects itself when it connects. nil where there is none.
  package let isConnected: Bool?
}

extension ControlPlane {
  /// Has agents end what is unprotected on them, now.
  package func protectAgents(
    _ caller: Caller, _ ids: [String]
  ) async throws(Refusal) -> [ProtectOutcome] {
    try caller.require(.protectAgents)
    guard (1...Self.mostAgents).contains(ids.count) else {
      throw Refusal(
        .invalid, "1 to \(Self.mostAgents) agents can be protected at once, not \(ids.count).")
    }
    var outcomes: [ProtectOutcome] = []
    for id in ids {
      guard let agent = try await store.agent(id), caller.view.shows(agent) else {
        outcomes.append(ProtectOutcome(agent: id, isConnected: nil))
        continue
      }
      let json: JSON = ["agent": .string(agent.agent)]
      try await store.append(
        caller.entry(
          "agent.protect", at: now(), tenant: agent.tenant, target: id, details: json.encoded()))
      outcomes.append(
        ProtectOutcome(agent: id, isConnected: !hub.push(.protect, to: [id]).isEmpty))
    }
    return outcomes
  }

  /// So many agents are dealt with by one request.
  package static let mostAgents = 500
}
