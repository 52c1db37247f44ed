internal import AgentToken
internal import JSON
internal import Ledger
internal import LinkMessages

extension ControlPlane {
  /// Compares what a report says of the ledger with what is kept of it.
  func checkLedger(of agent: AgentRecord, _ report: Report) async throws(Refusal) {
    // What was acknowledged before the host was asked for its ledger, it had.
    if let next = report.next, let asked = hub.link(agent.id)?.asked, next < asked {
      try await raise(
        .ledgerRollback, of: agent,
        "The ledger of \(agent.agent) ends before record \(next), and the cluster has its records "
          + "up to \(asked - 1): it was cut off, or the host was set back to an earlier state.")
    }
    guard let text = report.checkpoint,
      let key = agent.ledger.key.flatMap(CheckpointKey.init(text:))
    else { return }
    guard let note = SignedCheckpoint.parse(Array(text.utf8))?.first,
      note.validity(for: key) == .valid
    else {
      return try await raise(
        .ledgerFork, of: agent,
        "A checkpoint of \(agent.agent) is not signed with the key that its ledger names.")
    }
    guard let root = try await root(of: note.checkpoint.size, agent),
      root != note.checkpoint.rootText
    else { return }
    try await raise(
      .ledgerFork, of: agent,
      "A checkpoint of \(agent.agent) over \(note.checkpoint.size) lines is signed over others than "
        + "those that the cluster has.")
  }

  /// The root over that many lines of a ledger; nil where it is not known.
  private func root(of size: Int64, _ agent: AgentRecord) async throws(Refusal) -> String? {
    // It may have grown since the record was read.
    guard let position = try await store.agent(agent.id)?.ledger,
      let tree = MerkleTree(size: position.lines, peaks: position.peaks), position.lines > 0
    else { return nil }
    if size == tree.size { return tree.rootText }
    // The record behind has it, where lines are counted like records.
    guard size < tree.size, position.lines == position.size else { return nil }
    let behind = try await store.ledger(of: agent.id, since: size + 1, limit: 1).first
    guard let behind, behind.sequence == size + 1 else { return nil }
    return (try? JSON.parse(Array(behind.text.utf8)))?["head"]?.string
  }
}
