package import AgentToken
internal import Issuing
internal import JSON
internal import Ledger

extension ControlPlane {
  /// Keeps records of an agent's ledger, having checked that they follow what is kept of it.
  ///
  /// Records that are kept already may come again. What does not follow is kept too, with an alarm;
  /// but where records are missing in between, those are asked for first.
  ///
  /// - Parameter posted: records, one a line, as they are in the ledger.
  /// - Returns: the record to go on with; all before it are kept, as far as there were any.
  /// - Throws: `invalid_request` where anything among them is no record; nothing is kept then.
  package func take(
    ledger posted: [UInt8], from agent: AgentRecord
  ) async throws(Refusal) -> Int64 {
    let records = try ReceivedRecord.all(in: posted)
    var position = agent.ledger
    // Whoever else is just keeping records of the same agent was faster: then look again.
    for _ in 0..<3 {
      do throws(Refusal) {
        return try await keep(records, of: agent, from: position)
      } catch {
        guard error.code == .conflict, let fresh = try await store.agent(agent.id) else {
          throw error
        }
        position = fresh.ledger
      }
    }
    return position.size + 1
  }

  private func keep(
    _ records: [ReceivedRecord], of agent: AgentRecord, from position: LedgerPosition
  ) async throws(Refusal) -> Int64 {
    let old = records.filter { $0.sequence <= position.size }
    if let message = try await difference(of: old, of: agent) {
      try await raise(.ledgerFork, of: agent, message)
    }
    let new = records.dropFirst(old.count)
    guard let first = new.first else { return position.size + 1 }
    // It may have been sent before what is missing was: only who has no others sends it again.
    if first.sequence > position.size + 1, !hub.noteJump(of: agent.id, to: first.sequence) {
      return position.size + 1
    }
    var check = LedgerCheck(from: position, cluster: cluster, agent: agent.agent)
    for record in new { check.take(record) }
    var uses: [String: IssuedTokenRecord.Use] = [:]
    var alarms = check.findings.map { alarm($0.kind, of: agent, $0.message) }
    for spent in check.spent {
      let (use, doubt) = try await judge(spent, by: agent)
      uses[spent.jti] = use
      if let doubt { alarms.append(alarm(.tokenMisused, of: agent, doubt)) }
    }
    try await store.append(
      check.lines, to: agent.id, from: position.size, position: check.position, uses: uses,
      alarms: alarms)
    return check.position.size + 1
  }

  /// How records that came again differ from those that are kept; nil where they do not.
  private func difference(
    of records: [ReceivedRecord], of agent: AgentRecord
  ) async throws(Refusal) -> String? {
    guard let first = records.first else { return nil }
    let kept = try await store.ledger(
      of: agent.id, since: first.sequence, limit: records.count)
    for line in kept {
      guard let again = records.first(where: { $0.sequence == line.sequence }),
        !again.bytes.elementsEqual(line.text.utf8)
      else { continue }
      return
        "Record \(line.sequence) in the ledger of \(agent.agent) is another one now than the one "
        + "that is kept: it was changed, or the host was set back to an earlier state."
    }
    return nil
  }

  // MARK: Tokens

  /// - Returns: the use to be kept with the token, where it is one of ours, and what is wrong with it.
  private func judge(
    _ spent: LedgerCheck.Spent, by agent: AgentRecord
  ) async throws(Refusal) -> (use: IssuedTokenRecord.Use?, doubt: String?) {
    let place = "on \(agent.agent) (record \(spent.record))"
    guard let token = try await store.issuedToken(spent.jti) else {
      return (
        nil,
        "The token \(spent.jti.quoted(limit: 64)) was used \(place), and none of that id was issued "
          + "here: it was signed elsewhere, or before a backup that was restored."
      )
    }
    func use(isMeant: Bool) -> IssuedTokenRecord.Use {
      IssuedTokenRecord.Use(
        agent: agent.id, at: spent.at, record: spent.record, isMeant: isMeant)
    }
    // Whose it is is no business of who reads this tenant's alarms.
    if let tenant = token.tenant, tenant != agent.tenant {
      return (
        use(isMeant: false),
        "The token \(token.jti), which is for another tenant, was used \(place)."
      )
    }
    if let meant = token.agent, meant != agent.agent {
      return (
        use(isMeant: false), "The token \(token.jti) for the agent \(meant) was used \(place)."
      )
    }
    // The same record may be sent by the next enrolment of a host.
    let elsewhere = token.uses.contains {
      $0.agent != agent.id && ($0.at, $0.record) != (spent.at, spent.record)
    }
    if token.agent != nil, elsewhere {
      return (
        use(isMeant: false),
        "The token \(token.jti), which is for one machine, was used \(place) and on a copy of it."
      )
    }
    if let revoked = token.revokedAt, spent.at > revoked {
      return (
        use(isMeant: true), "The token \(token.jti) was used \(place) after it was revoked."
      )
    }
    return (use(isMeant: true), nil)
  }
}
