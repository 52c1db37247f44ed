package import AgentToken

package protocol TenantStore: Sendable {
  func tenant(_ id: String) async throws(Refusal) -> Tenant?
  /// By id.
  func tenants(_ view: Visibility, _ page: PageRequest) async throws(Refusal) -> Page<Tenant>
  /// - Throws: `conflict` where there is one of that id.
  func create(_ tenant: Tenant, audit: AuditEntry) async throws(Refusal)
  /// - Throws: `not_found`.
  func rename(tenant: String, to name: String, audit: AuditEntry) async throws(Refusal)
  /// With it go its registration tokens, profiles and assignments.
  ///
  /// - Throws: `not_found`; `conflict` where agents, also retired ones, accounts or live registration
  ///   tokens belong to it.
  func delete(tenant: String, now: Int64, audit: AuditEntry) async throws(Refusal)
}
