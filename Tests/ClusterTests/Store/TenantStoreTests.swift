import AgentToken
import Cluster
import Testing

@Suite struct TenantStoreTests {
  @Test func isFoundAndRenamed() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(
      try await store.tenant("retail")
        == Tenant(id: "retail", name: "retail", createdAt: StoreFixture.noon))
    #expect(try await store.tenant("nobody") == nil)
    try await store.rename(tenant: "retail", to: "Shops", audit: entry("tenant.rename"))
    #expect(try await store.tenant("retail")?.name == "Shops")
    #expect(try await fixture.entries().map(\.action).last == "tenant.rename")
  }

  @Test func refusesTwoOfOneIdAndWhatIsNotThere() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let before = try await fixture.entries().count
    #expect(
      await code {
        try await store.create(Tenant(id: "retail", name: "x", createdAt: 1), audit: entry())
      } == .conflict)
    #expect(
      await code { try await store.rename(tenant: "none", to: "x", audit: entry()) } == .notFound)
    #expect(
      await code { try await store.delete(tenant: "none", now: 1, audit: entry()) } == .notFound)
    #expect(try await store.tenant("retail")?.name == "retail")
    #expect(try await fixture.entries().count == before)
  }

  @Test func showsOnlyWhatIsSeen() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let seen = try await fixture.store.tenants(Visibility(tenants: ["wholesale"]), PageRequest())
    #expect(seen.items.map(\.id) == ["wholesale"])
    let none = try await fixture.store.tenants(Visibility(tenants: []), PageRequest())
    #expect(none.items.isEmpty)
    let every = try await fixture.store.tenants(.all, PageRequest())
    #expect(every.items.map(\.id) == ["retail", "wholesale"])
  }

  @Test func isDeletedOnlyWhereItIsEmpty() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    func deletion() async -> Refusal.Code? {
      await code {
        try await store.delete(tenant: "retail", now: StoreFixture.noon, audit: entry())
      }
    }
    try await store.create([registration("r1")], audit: [entry()])
    #expect(await deletion() == .conflict)
    try await store.revoke(
      registrationTokens: ["r1"], at: StoreFixture.noon, audit: [entry()])
    try await store.create(person("ana"), secretHash: "x", audit: entry())
    #expect(await deletion() == .conflict)
    try await store.delete(person("ana"), audit: entry())
    #expect(await deletion() == nil)
    #expect(try await store.tenant("retail") == nil)
    #expect(try await store.registrationToken("r1") == nil)

    try await store.add(host("web-1", tenant: "wholesale", state: .retired), alarm: nil)
    #expect(
      await code {
        try await store.delete(tenant: "wholesale", now: StoreFixture.noon, audit: entry())
      } == .conflict)
  }
}
