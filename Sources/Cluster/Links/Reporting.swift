package import AgentToken
internal import Issuing
internal import JSON
package import LinkMessages

extension ControlPlane {
  /// Keeps what an agent says of itself, compares it with what is known, and sends it what it lacks.
  ///
  /// - Throws: `invalid_request`; `conflict` where another machine has its identity; `not_found` where
  ///   it is retired. Nothing is kept then. `bundle_behind` where the agent has a newer trust bundle,
  ///   once everything else is done.
  package func take(report: Report, from agent: AgentRecord) async throws(Refusal) {
    guard report.machine == agent.machine else {
      throw Refusal(
        .conflict, "The report is of another machine than the one that \(agent.agent) is.",
        hint: "Connect again: a copy of a machine is told apart when it does.")
    }
    // What is only sent where it changed is kept from before.
    let before = report.doctor == nil ? try await store.agent(agent.id)?.report : nil
    let kept = try AgentReport(report, after: before, at: now())
    try await store.keep(report: kept, of: agent.id)
    // Where it cannot be read, nobody is behind.
    var bundle = Int64.max
    await tend { () async throws(Refusal) in
      var trust = try trust()
      bundle = trust.bundle
      await tend { () async throws(Refusal) in
        if let list = try await learn(from: kept, of: agent, trust) { trust.revocations = list }
      }
      say(try trust.missing(from: kept), to: agent.id)
    }
    await tend { () async throws(Refusal) in
      guard let link = hub.link(agent.id) else { return }
      var choice = try await ProfileChoice(store)
      // Mostly there is nothing to do, and no turn to wait for.
      guard
        DueProfile(
          agent, try await choice.profile(of: agent), report: kept, pushed: link.profile, above: 0)
          != nil,
        let profile = try await profileDue(for: agent.id, report: kept, on: link)
      else { return }
      say([profile], to: agent.id)
    }
    await tend { () async throws(Refusal) in
      guard let nonce = report.nonce, kept.clock != Self.believedClock else { return }
      let time = try signer.time(agent: agent.agent, nonce: nonce)
      say([.artefact(.time, jws: time.text)], to: agent.id)
    }
    await tend { () async throws(Refusal) in try await checkLedger(of: agent, report) }
    guard kept.bundleSequence <= bundle else {
      throw Refusal(
        .bundleBehind,
        "This host has trust bundle \(kept.bundleSequence), and the cluster has \(bundle).",
        hint: "Hand it over.")
    }
  }

  /// The clock's standing where no signed time is of any use.
  private static let believedClock = "wall"

  /// Does one of several things that must not keep each other from being done.
  func tend(_ body: () async throws(Refusal) -> Void) async {
    do throws(Refusal) {
      try await body()
    } catch {
      hub.note(error)
    }
  }

  // MARK: A cluster that is behind

  /// So far ahead of the cluster's number agents' are believed, in all and not each time: what is signed
  /// goes above it, and other agents would refuse one that is very far ahead.
  static let furthestAhead: Int64 = 1 << 16

  /// After the restore of a backup, agents know more than their cluster.
  ///
  /// - Returns: the list of revocations that was signed because of that.
  private func learn(
    from report: AgentReport, of agent: AgentRecord, _ trust: CurrentTrust
  ) async throws(Refusal) -> (sequence: Int64, text: String)? {
    let bundle = trust.bundle
    // Of a whole fleet that says so, one is enough: it is about the cluster.
    if report.bundleSequence > bundle, hub.noteBundle(report.bundleSequence) {
      try await raise(
        .bundleBehind, of: agent,
        "\(agent.agent) has trust bundle \(report.bundleSequence), and the cluster has \(bundle): "
          + "it was restored from an older backup, or a bundle was imported there and not here.")
    }
    guard report.revocationsSequence > trust.revocations?.sequence ?? 0 else { return nil }
    // A fleet comes back all at once, and one list for all of it is enough.
    return try await hub.signing.take { () async throws(Refusal) in
      let last = try signer.revocations()
      guard report.revocationsSequence > last?.sequence ?? 0 else { return last }
      return try await raiseRevocations(above: report.revocationsSequence, last, agent)
    }
  }

  private func raiseRevocations(
    above sequence: Int64, _ list: (sequence: Int64, text: String)?, _ agent: AgentRecord
  ) async throws(Refusal) -> (sequence: Int64, text: String)? {
    let last = list?.sequence ?? 0
    let first = hub.firstList(max(last, try signer.floor()))
    guard sequence - first <= Self.furthestAhead else {
      throw Refusal(
        .invalid,
        "\(agent.agent) says that it has revocations \(sequence), and the last ones signed here "
          + "are \(last): that is too far ahead to be believed.")
    }
    // Each goes to every agent, and one agent might claim ever more.
    guard hub.mayRaise(at: now()) else { return list }
    let list = try signer.revoke(.none, above: sequence)
    try await store.append(
      AuditEntry(
        at: now(), account: "", name: "", source: "local", action: "revocations.raise", tenant: nil,
        target: "\(list.content.sequence)",
        details: (["agent": .string(agent.id), "before": .integer(last)] as JSON).encoded()))
    // This one gets it with whatever else it lacks.
    hub.push(
      .artefact(.revocations, jws: list.text), to: hub.connected.filter { $0 != agent.id })
    return (list.content.sequence, list.text)
  }

  /// A trust bundle that an agent has and the cluster has not: taken if a root that is known here
  /// signed it, and handed on.
  ///
  /// - Throws: what a host would say to it.
  package func take(bundle jws: String, from agent: AgentRecord) async throws(Refusal) {
    guard try signer.take(bundle: jws) else { return }
    let bundle = try signer.bundle()
    try await store.append(
      AuditEntry(
        at: now(), account: "", name: agent.agent, source: "local", action: "trust.import",
        tenant: nil, target: "\(bundle.sequence)",
        details: (["agent": .string(agent.id)] as JSON).encoded()))
    hub.push(.artefact(.bundle, jws: bundle.jws))
  }

  // MARK: Alarms

  func alarm(_ kind: Alarm.Kind, of agent: AgentRecord, _ message: String) -> Alarm {
    Alarm(
      id: secrets.newID(), at: now(), kind: kind, tenant: agent.tenant, agent: agent.id,
      message: message)
  }

  func raise(
    _ kind: Alarm.Kind, of agent: AgentRecord, _ message: String
  ) async throws(Refusal) {
    _ = try await store.raise(alarm(kind, of: agent, message))
  }
}
