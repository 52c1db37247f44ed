/// Something that somebody has to look at.
package struct Alarm: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// Records of a ledger are missing in between.
    case ledgerGap = "ledger-gap"
    /// A ledger went on from something else than what is known of it.
    case ledgerFork = "ledger-fork"
    /// A ledger is shorter than it was.
    case ledgerRollback = "ledger-rollback"
    /// Two machines with the identity of one agent.
    case clone
    /// An agent token was used where it was not meant, or is none of ours.
    case tokenMisused = "token-misused"
    case agentGone = "agent-gone"
    /// An agent has a newer trust bundle than the cluster.
    case bundleBehind = "bundle-behind"
  }

  package let id: String
  package let at: Int64
  package let kind: Kind
  package let tenant: String
  /// The record of the agent.
  package let agent: String
  /// A sentence.
  package let message: String
  package let acknowledgedAt: Int64?
  package let acknowledgedBy: String?

  package init(
    id: String, at: Int64, kind: Kind, tenant: String, agent: String, message: String,
    acknowledgedAt: Int64? = nil, acknowledgedBy: String? = nil
  ) {
    self.id = id
    self.at = at
    self.kind = kind
    self.tenant = tenant
    self.agent = agent
    self.message = message
    self.acknowledgedAt = acknowledgedAt
    self.acknowledgedBy = acknowledgedBy
  }
}
