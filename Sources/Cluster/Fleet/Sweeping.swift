internal import AgentToken

extension ControlPlane {
  /// What is to be done every minute: keeps when agents were last heard of, raises alarms over those
  /// that are gone, forgets those that never came and what has ended. What cannot be done is noted.
  ///
  /// - Parameter isJustStarted: whether agents may still be on their way back to a server that was
  ///   away itself.
  package func sweep(isJustStarted: Bool = false) async {
    await flushLastSeen()
    if !isJustStarted {
      await tend { () async throws(Refusal) in try await raiseGone() }
    }
    await tend { () async throws(Refusal) in
      _ = try await store.forgetPending(enrolledBefore: now() - settings.pending)
    }
    await tend { () async throws(Refusal) in try await store.tidy(now: now()) }
  }

  /// Keeps when agents were last heard of; also to be called at the end.
  package func flushLastSeen() async {
    await tend { () async throws(Refusal) in
      let seen = hub.takeSeen(at: now())
      if !seen.isEmpty { try await store.keep(lastSeen: seen) }
    }
  }

  private func raiseGone() async throws(Refusal) {
    guard settings.agentGoneAfter > 0 else { return }
    let filter = AgentFilter(state: .active, seenBefore: now() - settings.agentGoneAfter)
    var after: String?
    repeat {
      let page = try await store.agents(
        .all, filter, PageRequest(limit: PageRequest.largest, after: after))
      for agent in page.items where !hub.isConnected(agent.id) {
        guard let seen = agent.lastSeen else { continue }
        // The same sentence until it is heard of again, so the alarm is raised once.
        try await raise(
          .agentGone, of: agent,
          "\(agent.agent) was last heard of \(Timestamp.text(seen)) and is out of reach since then."
        )
      }
      after = page.next
    } while after != nil
  }
}
