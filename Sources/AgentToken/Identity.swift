internal import JSON

/// Who this host is: its cluster, the tenant it belongs to there, and its own name.
package struct Identity: Sendable, Equatable {
  package let cluster: String
  package let tenant: String
  package let agent: String

  /// - Throws: `bad_arguments` where one is not 1–128 of `A–Z a–z 0–9 . _ : / -`.
  package init(cluster: String, tenant: String, agent: String) throws(Refusal) {
    for (name, id) in [("cluster", cluster), ("tenant", tenant), ("agent", agent)]
    where !Self.isValidID(id) {
      throw Refusal(
        .badArguments, "The \(name) \(id.quoted()) is not \(TextShape.id.description).")
    }
    self.cluster = cluster
    self.tenant = tenant
    self.agent = agent
  }

  /// Whether a text may be the id of a cluster, tenant or agent.
  package static func isValidID(_ text: String) -> Bool {
    TextShape.id.matches(text)
  }
}
