package import AgentToken

/// Which audit entries are asked for; nil for any.
package struct AuditFilter: Sendable {
  package var tenant: String?
  /// The account's id or name.
  package var account: String?
  /// What an action begins with.
  package var action: String?
  package var since: Int64?
  /// Not itself.
  package var until: Int64?

  package init(
    tenant: String? = nil, account: String? = nil, action: String? = nil, since: Int64? = nil,
    until: Int64? = nil
  ) {
    self.tenant = tenant
    self.account = account
    self.action = action
    self.since = since
    self.until = until
  }
}

package protocol AuditStore: Sendable {
  func append(_ entry: AuditEntry) async throws(Refusal)
  /// The newest first. Entries about no tenant only where all are seen.
  func audit(
    _ view: Visibility, _ filter: AuditFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<AuditEntry>
}
