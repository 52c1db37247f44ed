package import AgentToken

package protocol ProfileStore: Sendable {
  /// The newest version.
  func profile(_ id: String) async throws(Refusal) -> Profile?
  /// By name, each in its newest version: those for all tenants and those for tenants that are seen.
  func profiles(_ view: Visibility, _ page: PageRequest) async throws(Refusal) -> Page<Profile>
  /// The newest first.
  func versions(of profile: String, _ page: PageRequest) async throws(Refusal) -> Page<Profile>
  /// - Throws: `conflict` where there is one of that name.
  func create(_ profile: Profile, audit: AuditEntry) async throws(Refusal)
  /// Adds a version.
  ///
  /// - Throws: `conflict` where its version does not follow the newest one; `not_found`.
  func change(_ profile: Profile, audit: AuditEntry) async throws(Refusal)
  /// - Throws: `conflict` where it is assigned, an agent's own, or what a registration token that is
  ///   not revoked or used up gives; `not_found`.
  func delete(profile: String, audit: AuditEntry) async throws(Refusal)
  func assignments() async throws(Refusal) -> [ProfileAssignment]
  /// In place of what was assigned to the same tenant and label.
  func assign(_ assignment: ProfileAssignment, audit: AuditEntry) async throws(Refusal)
  /// - Throws: `not_found`.
  func unassign(_ assignment: ProfileAssignment, audit: AuditEntry) async throws(Refusal)
}
