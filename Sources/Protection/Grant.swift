package import AgentToken

/// What an accepted agent token opened: which services, until when, by whom.
///
/// It is made from a `VerifiedToken` and nothing else, so that no code path can release a shield
/// without one.
package struct Grant: Sendable, Equatable {
  /// The token that opened the window; of several, the latest.
  package let token: VerifiedToken
  /// Those that opened it before, whose window it still is.
  package private(set) var earlier: [VerifiedToken] = []
  /// The units that are released.
  package let services: Set<String>
  /// The window's end, CLOCK_BOOTTIME in microseconds: what counts, whatever the wall clock does.
  package let endsAtBoottime: UInt64
  /// The same in seconds since the epoch, for people.
  package let endsAt: Int64
  /// The ledger record of its intent.
  package let record: Int64

  package init(
    token: VerifiedToken, services: Set<String>, endsAtBoottime: UInt64, endsAt: Int64,
    record: Int64
  ) {
    self.token = token
    self.services = services
    self.endsAtBoottime = endsAtBoottime
    self.endsAt = endsAt
    self.record = record
  }

  package func covers(_ unit: String) -> Bool { services.contains(unit) }

  /// Whether a token is one of those that opened this window: replay is keyed on issuer and id.
  package func wasOpened(by other: VerifiedToken) -> Bool {
    ([token] + earlier).contains { $0.issuer == other.issuer && $0.jti == other.jti }
  }

  /// This grant on top of one that is open: what either released. It ends at the later end only where
  /// this token opens all of it; else at the earlier one, so that no service is open for longer than
  /// somebody signed.
  package func joined(to open: Grant) -> Grant {
    let isWhole = services.isSuperset(of: open.services)
    var joined = Grant(
      token: token, services: services.union(open.services),
      endsAtBoottime: isWhole
        ? max(endsAtBoottime, open.endsAtBoottime) : min(endsAtBoottime, open.endsAtBoottime),
      endsAt: isWhole ? max(endsAt, open.endsAt) : min(endsAt, open.endsAt), record: record)
    joined.earlier = open.earlier + [open.token]
    return joined
  }
}
