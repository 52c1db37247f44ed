package import AgentToken
internal import Issuing
internal import JSON

extension ControlPlane {
  /// Issues a token that answers a challenge: good whatever the host's clock says, and for that host
  /// alone, because nobody else knows the nonce.
  ///
  /// Whether the host is protected, or heard of at all, is not asked: a challenge is for those that
  /// are out of reach.
  ///
  /// - Parameter challenge: its text, as somebody read it out or pasted it.
  /// - Throws: `challenge_malformed`, `wrong_cluster`, `not_found`, `forbidden`, and what the issuer
  ///   refuses.
  package func answer(
    _ caller: Caller, challenge: String, _ wish: ChallengeWish = ChallengeWish()
  ) async throws(Refusal) -> AnsweredChallenge {
    try caller.require(.issueTokens)
    let challenge = try Self.read(challenge)
    let host = challenge.identity
    guard host.cluster == cluster else {
      throw Refusal(
        .wrongCluster,
        "The challenge comes from a host of the cluster \(host.cluster.quoted()), this is "
          + "\(cluster.quoted()).")
    }
    var warnings: [String] = []
    let records = try await store.agents(tenant: host.tenant, agent: host.agent)
    let live = records.filter { $0.state != .retired && caller.view.shows($0) }
    if live.isEmpty {
      // One that was enrolled by hand is not known here, and must get in too.
      guard caller.view.owner == nil, caller.view.shows(tenant: host.tenant) else {
        throw Refusal(
          .notFound, "There is no agent \(host.agent.quoted()) in \(host.tenant.quoted()).")
      }
      warnings.append(
        records.isEmpty
          ? "No agent \(host.agent) of the tenant \(host.tenant) is enrolled here."
          : "The agent \(host.agent) is retired.")
    }
    if live.contains(where: { $0.cloneOf != nil }) {
      warnings.append("There are copies of this machine, and the challenge may be of any of them.")
    }
    let token = try sign(challenge, caller, wish)
    warnings += signer.remember(challenge, reinstalled: wish.reinstalled).map(Self.sentence)
    try await keep([token], caller, "agent-token.challenge")
    return AnsweredChallenge(token: token, warnings: warnings)
  }

  private static func read(_ text: String) throws(Refusal) -> ChallengeText {
    do throws(ChallengeText.Malformed) {
      return try ChallengeText(reading: text)
    } catch {
      throw Refusal(
        .challengeMalformed, "That is no challenge: \(error.message)",
        hint: "Have it read out again, or paste all of what `holdfast challenge` prints.")
    }
  }

  private func sign(
    _ challenge: ChallengeText, _ caller: Caller, _ wish: ChallengeWish
  ) throws(Refusal) -> GrantedToken {
    func sign(_ scope: Scope) throws(Refusal) -> GrantedToken {
      let role = try signingRole(caller, scope)
      let host = challenge.identity
      var request = TokenRequest(
        scope: scope, role: role, tenant: scope == .cluster ? nil : host.tenant,
        agent: scope == .agent ? host.agent : nil, subject: caller.account.name,
        window: wish.window, services: wish.services)
      request.nonce = challenge.nonce
      return try granted(signer.token(request), caller, answersChallenge: true)
    }
    if let scope = wish.scope { return try sign(scope) }
    do throws(Refusal) {
      return try sign(.agent)
    } catch {
      guard error.code == .keyUnavailable, let token = try? sign(.tenant) else { throw error }
      return token
    }
  }

  private static func sentence(_ warning: ChallengeWarning) -> String {
    switch warning {
    case .wentBack(let size, let earlier, let at):
      "The host's ledger has \(size) records, and it had \(earlier) at \(Timestamp.text(at)): it was "
        + "cut off, or the host was set back to an earlier state."
    case .otherLedger(let size, let at):
      "The host's ledger has \(size) records like at \(Timestamp.text(at)), and they are others: the "
        + "host was set back to an earlier state, or this is a copy of it."
    case .damaged:
      "What was known of the host's ledger cannot be read any more."
    case .notRemembered(let reason):
      "What the challenge says of the host's ledger will not be known next time: \(reason)"
    }
  }
}
