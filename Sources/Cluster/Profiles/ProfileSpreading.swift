internal import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

/// A profile that is to be signed for an agent, because it runs another one.
struct DueProfile: Sendable {
  let agent: String
  let request: ProfileRequest
  let sent: SentProfile

  /// - Parameters:
  ///   - report: what the agent says that it runs.
  ///   - pushed: the highest version that it was sent on its connection; it may be about to take it,
  ///     or have refused it.
  ///   - floor: versions are above it.
  /// - Returns: nil where the agent has what it is to have, or cannot be sent anything.
  init?(
    _ agent: AgentRecord, _ effective: EffectiveProfile?, report: AgentReport?, pushed: Int64,
    above floor: Int64
  ) {
    let sent = agent.profile
    // What nobody here signed is not taken back either.
    guard let report, let enrolment = report.enrolment, agent.state != .retired,
      let wanted = effective ?? (sent.version > 0 ? .nothing : nil)
    else { return nil }
    if sent.settingsHash == wanted.hash {
      if report.profileVersion == sent.version { return nil }
      if report.profileVersion < sent.version, pushed >= sent.version { return nil }
    }
    let version = max(sent.version, report.profileVersion, floor) + 1
    guard version <= AgentReport.highest else { return nil }
    self.agent = agent.id
    request = ProfileRequest(
      agent: agent.agent, enrolment: enrolment, version: version, settings: wanted.settings)
    self.sent = SentProfile(
      version: version, settingsHash: wanted.hash, source: wanted.source)
  }
}

extension ControlPlane {
  /// Signs with the key that may loosen: who may change profiles decides over protection as a whole,
  /// so one that is less strict than the last must be taken too. Without such a key agents take what
  /// tightens.
  ///
  /// - Throws: `key_unavailable`.
  func profileSigner() throws(Refusal) -> ProfileSigner {
    do throws(Refusal) {
      return try signer.profileSigner(loosens: true)
    } catch {
      guard error.code == .keyUnavailable else { throw error }
      return try signer.profileSigner(loosens: false)
    }
  }

  /// What one agent is to be sent, kept as sent.
  ///
  /// - Parameter report: what it says now; nil where only its last report is known, which may be from
  ///   before it took what it was sent.
  func profileDue(
    for id: String, report: AgentReport?, on link: AgentLink
  ) async throws(Refusal) -> Downward? {
    try await hub.signing.take { () async throws(Refusal) in
      guard let agent = try await store.agent(id) else { return nil }
      var choice = try await ProfileChoice(store)
      let due = DueProfile(
        agent, try await choice.profile(of: agent), report: report ?? agent.report,
        pushed: report == nil ? .max : link.profile, above: try signer.floor())
      guard let due else { return nil }
      let signed = try profileSigner().sign(due.request)
      try await store.keep(profiles: [id: due.sent])
      link.profile = due.sent.version
      return .artefact(.profile, jws: signed.text)
    }
  }

  /// Signs for every connected agent what it is to run, where that is another than it runs, and sends
  /// it; those that are not connected get theirs when they are.
  ///
  /// - Parameters:
  ///   - tenant: nil for all.
  ///   - agents: nil for all.
  func spread(tenant: String? = nil, agents: [String]? = nil) async {
    await tend { () async throws(Refusal) in
      try await hub.signing.take { () async throws(Refusal) in
        let due = try await due(tenant, agents ?? hub.connected)
        guard !due.isEmpty else { return }
        let signed = await Self.sign(due, try profileSigner())
        var lines: [(due: DueProfile, text: String)] = []
        for (due, result) in zip(due, signed) {
          switch result {
          case .success(let text): lines.append((due, text))
          case .failure(let refusal): hub.note(refusal)
          }
        }
        // What was sent and is not kept would be sent again, with the same version and other words.
        try await store.keep(
          profiles: Dictionary(uniqueKeysWithValues: lines.map { ($0.due.agent, $0.due.sent) }))
        for (due, text) in lines {
          hub.link(due.agent)?.profile = due.sent.version
          hub.push(.artefact(.profile, jws: text), to: [due.agent])
        }
      }
    }
  }

  private func due(
    _ tenant: String?, _ agents: [String]
  ) async throws(Refusal) -> [DueProfile] {
    var choice = try await ProfileChoice(store)
    let floor = try signer.floor()
    var due: [DueProfile] = []
    let agents = agents.filter(hub.isConnected)
    for start in stride(from: 0, to: agents.count, by: PageRequest.largest) {
      let some = Array(agents[start..<min(start + PageRequest.largest, agents.count)])
      let page = try await store.agents(
        .all, AgentFilter(tenant: tenant, ids: some), PageRequest(limit: some.count))
      for agent in page.items {
        let next = DueProfile(
          agent, try await choice.profile(of: agent), report: agent.report,
          pushed: hub.link(agent.id)?.profile ?? .max, above: floor)
        if let next { due.append(next) }
      }
    }
    return due
  }

  /// So many are signed in a row by one of those that sign side by side.
  private static let share = 64

  private static func sign(
    _ due: [DueProfile], _ signer: ProfileSigner
  ) async -> [Result<String, Refusal>] {
    await withTaskGroup(of: (Int, [Result<String, Refusal>]).self) { group in
      for start in stride(from: 0, to: due.count, by: share) {
        let some = due[start..<min(start + share, due.count)]
        group.addTask {
          (
            start,
            some.map { due in
              Result { () throws(Refusal) in try signer.sign(due.request).text }
            }
          )
        }
      }
      var all: [Int: [Result<String, Refusal>]] = [:]
      for await (start, results) in group { all[start] = results }
      return all.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }
}
