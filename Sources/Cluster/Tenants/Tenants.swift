package import AgentToken
internal import Issuing
internal import JSON

extension ControlPlane {
  /// The tenants that there are for the caller, by id.
  package func tenants(_ caller: Caller, _ page: PageRequest) async throws(Refusal) -> Page<Tenant>
  {
    try await store.tenants(caller.view, page)
  }

  /// - Throws: `not_found`.
  package func tenant(_ caller: Caller, _ id: String) async throws(Refusal) -> Tenant {
    guard caller.view.shows(tenant: id), let tenant = try await store.tenant(id) else {
      throw .missing("tenant", id)
    }
    return tenant
  }

  /// - Parameters:
  ///   - id: as it stands in tokens, for good.
  ///   - name: for people.
  /// - Throws: `forbidden`, `invalid_request`, `conflict`.
  package func createTenant(
    _ caller: Caller, id: String, name: String
  ) async throws(Refusal) -> Tenant {
    try caller.require(.manageTenants)
    guard Identity.isValidID(id) else {
      throw Refusal(
        .invalid, "The tenant's id \(id.quoted()) is not 1 to 128 of A-Z a-z 0-9 . _ : / -.")
    }
    try Self.check(tenantName: name)
    let tenant = Tenant(id: id, name: name, createdAt: now())
    try await store.create(
      tenant,
      audit: caller.entry(
        "tenant.create", at: tenant.createdAt, tenant: id, target: id,
        details: Self.details(name)))
    return tenant
  }

  /// - Throws: `forbidden`, `invalid_request`, `not_found`.
  package func renameTenant(
    _ caller: Caller, _ id: String, to name: String
  ) async throws(Refusal) -> Tenant {
    try caller.require(.manageTenants)
    var tenant = try await tenant(caller, id)
    try Self.check(tenantName: name)
    try await store.rename(
      tenant: id, to: name,
      audit: caller.entry(
        "tenant.rename", at: now(), tenant: id, target: id, details: Self.details(name)))
    tenant.name = name
    return tenant
  }

  /// - Throws: `forbidden`, `not_found`; `conflict` where something belongs to it.
  package func deleteTenant(_ caller: Caller, _ id: String) async throws(Refusal) {
    try caller.require(.manageTenants)
    let now = now()
    try await store.delete(
      tenant: id, now: now,
      audit: caller.entry("tenant.delete", at: now, tenant: id, target: id))
  }

  private static func check(tenantName: String) throws(Refusal) {
    try PlainText.check(tenantName, "tenant's name", 1...128)
  }

  private static func details(_ name: String) -> String {
    JSON.object([.init(name: "name", value: .string(name))]).encoded()
  }
}
