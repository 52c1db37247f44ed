package import AgentToken

/// What an accepted agent token opened: which services, until when, by whom.
///
/// It is made from a `VerifiedToken` and nothing else, so that no code path can release a shield
/// without one.
package struct Grant: Sendable, Equatable {
  /// The token that opened the window; of several, the latest.
  package let token: VerifiedToken
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

  /// This grant on top of one that is open: what either released, until the later end.
  package func joined(to open: Grant) -> Grant {
    Grant(
      token: token, services: services.union(open.services),
      endsAtBoottime: max(endsAtBoottime, open.endsAtBoottime),
      endsAt: max(endsAt, open.endsAt), record: record)
  }
}
