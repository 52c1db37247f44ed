import AgentToken
import Cluster
import Testing

@Suite struct ProfileStoreTests {
  @Test func hasVersions() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let first = profile("p1", name: "Shops", settings: #"{"a":1}"#)
    let second = profile("p1", name: "Shops", version: 2, settings: #"{"a":2}"#)
    try await store.create(first, audit: entry())
    #expect(await code { try await store.change(first, audit: entry()) } == .conflict)
    try await store.change(second, audit: entry())
    #expect(await code { try await store.change(second, audit: entry()) } == .conflict)
    #expect(
      await code { try await store.change(profile("none", version: 2), audit: entry()) }
        == .notFound)
    #expect(try await store.profile("p1") == second)
    #expect(
      try await all(limit: 1) { try await store.versions(of: "p1", $0) } == [second, first])
    #expect(try await store.versions(of: "none", PageRequest()).items == [])
    #expect(
      await code { try await store.create(profile("p2", name: "Shops"), audit: entry()) }
        == .conflict)
  }

  @Test func isSeenByItsTenantAndByAllWhereItIsForAll() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    for one in [profile("b"), profile("a", tenant: "retail"), profile("c", tenant: "wholesale")] {
      try await store.create(one, audit: entry())
    }
    func ids(_ view: Visibility) async throws -> [String] {
      try await all(limit: 1) { try await store.profiles(view, $0) }.map(\.id)
    }
    #expect(try await ids(.all) == ["a", "b", "c"])
    #expect(try await ids(Visibility(tenants: ["retail"])) == ["a", "b"])
    #expect(
      await code {
        try await store.create(profile("d", tenant: "nowhere"), audit: entry())
      } == .conflict)
  }

  @Test func isNotDeletedWhileItIsUsed() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create(profile("p1"), audit: entry())
    func deletion() async -> Refusal.Code? {
      await code { try await store.delete(profile: "p1", audit: entry()) }
    }
    let assignment = ProfileAssignment(profile: "p1", tenant: "retail", label: nil)
    try await store.assign(assignment, audit: entry())
    #expect(await deletion() == .conflict)
    try await store.unassign(assignment, audit: entry())

    try await store.add(host("web-1"), alarm: nil)
    try await store.set(ownProfile: "p1", of: "id-web-1", audit: entry())
    #expect(await deletion() == .conflict)
    try await store.retire(agent: "id-web-1", audit: entry())

    try await store.create([registration("r1", profile: "p1")], audit: [entry()])
    #expect(await deletion() == .conflict)
    try await store.revoke(registrationTokens: ["r1"], at: 1, audit: [entry()])

    #expect(await deletion() == nil)
    #expect(await deletion() == .notFound)
    #expect(try await store.agent("id-web-1")?.ownProfile == nil)
  }

  @Test func isAssignedOnceForEachTenantAndLabel() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create(profile("p1"), audit: entry())
    try await store.create(profile("p2"), audit: entry())
    func assignment(_ profile: String, _ label: String?) -> ProfileAssignment {
      ProfileAssignment(profile: profile, tenant: "retail", label: label)
    }
    try await store.assign(assignment("p1", nil), audit: entry())
    try await store.assign(assignment("p1", "site=a"), audit: entry())
    try await store.assign(assignment("p2", nil), audit: entry())
    #expect(
      try await store.assignments() == [assignment("p2", nil), assignment("p1", "site=a")])
    #expect(
      await code { try await store.unassign(assignment("p1", nil), audit: entry()) } == .notFound)
    #expect(
      await code { try await store.assign(assignment("none", nil), audit: entry()) } == .conflict)
    try await store.unassign(assignment("p2", nil), audit: entry())
    #expect(try await store.assignments() == [assignment("p1", "site=a")])
  }
}
