package import AgentToken

package protocol AlarmStore: Sendable {
  /// Kept once: where the newest of that kind and agent is the same sentence, acknowledged or not,
  /// nothing is added; nor where an agent has 100 of that kind which nobody acknowledged, so that one
  /// that is hostile does not bury the others'. So it is with all alarms that come with something else.
  ///
  /// - Returns: whether it was added.
  func raise(_ alarm: Alarm) async throws(Refusal) -> Bool
  func alarm(_ id: String) async throws(Refusal) -> Alarm?
  /// The newest first.
  func alarms(
    _ view: Visibility, isOpen: Bool?, _ page: PageRequest
  ) async throws(Refusal) -> Page<Alarm>
  /// - Throws: `not_found`.
  func acknowledge(
    alarm: String, at now: Int64, by account: String, audit: AuditEntry
  ) async throws(Refusal)
  func openAlarms() async throws(Refusal) -> [Alarm.Kind: Int]
}
