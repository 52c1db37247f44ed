import AgentToken
import Cluster
import Testing

@Suite struct IssuedTokenStoreTests {
  private let now = StoreFixture.noon

  @Test func comesBackAsItWas() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let token = issued("t1")
    let bare = IssuedTokenRecord(
      jti: "t2", scope: .cluster, tenant: nil, agent: nil, kid: "k", role: .siteAdmin,
      answersChallenge: true, window: nil, services: [], issuedAt: 1, expires: 2, issuedBy: "a",
      issuer: "b")
    try await store.keep([token, bare], audit: [entry(), entry()])
    #expect(try await store.issuedToken("t1") == token)
    #expect(try await store.issuedToken("t2") == bare)
    #expect(await code { try await store.keep([issued("t3"), token], audit: []) } == .conflict)
    #expect(try await store.issuedToken("t3") == nil)
  }

  @Test func isListedByWhatIsAskedForAndSeen() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    try await store.keep(
      [
        issued("live"), issued("late", expires: now), issued("spent"), issued("back"),
        issued("wide", scope: .cluster, tenant: nil, agent: nil, issuedBy: "a2"),
        issued("other", scope: .tenant, tenant: "wholesale", agent: nil, issuedBy: "a2"),
      ], audit: [])
    try await store.append(
      [], to: "id-web-1", from: 0, position: LedgerPosition(),
      uses: ["spent": .init(agent: "id-web-1", at: 1, record: 1, isMeant: true)], alarms: [])
    try await store.revoke(token: "back", at: now, audit: entry())
    try await store.revoke(token: "back", at: now + 9, audit: entry())
    #expect(try await store.issuedToken("back")?.revokedAt == now)
    #expect(
      await code { try await store.revoke(token: "none", at: 1, audit: entry()) } == .notFound)
    func ids(
      _ filter: IssuedTokenFilter = .init(), _ view: Visibility = .all
    ) async throws -> [String] {
      try await all(limit: 2) { try await store.issuedTokens(view, filter, now: now, $0) }
        .map(\.jti)
    }
    #expect(try await ids() == ["other", "wide", "back", "spent", "late", "live"])
    for status in IssuedTokenRecord.Status.allCases {
      let expected = try await all {
        try await store.issuedTokens(.all, .init(), now: now, $0)
      }.filter { $0.status(at: now) == status }.map(\.jti)
      #expect(!expected.isEmpty)
      #expect(try await ids(.init(status: status)) == expected)
    }
    #expect(try await ids(.init(agent: "web-1")) == ["back", "spent", "late", "live"])
    #expect(try await ids(.init(tenant: "wholesale")) == ["other"])
    #expect(try await ids(.init(issuedBy: "a2")) == ["other", "wide"])
    #expect(
      try await ids(.init(), Visibility(tenants: ["retail", "wholesale"]))
        == ["other", "back", "spent", "late", "live"])
    #expect(try await ids(.init(), Visibility(tenants: ["wholesale"], owner: "a2")) == ["other"])
  }

  @Test func showsTheFirstUsesInLists() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.keep([issued("wide", scope: .cluster, tenant: nil)], audit: [])
    for index in 0..<30 {
      try await store.add(host("web-\(index)"), alarm: nil)
      try await store.append(
        [], to: "id-web-\(index)", from: 0, position: LedgerPosition(),
        uses: [
          "wide": .init(agent: "id-web-\(index)", at: Int64(index), record: 1, isMeant: true)
        ], alarms: [])
    }
    #expect(try await store.issuedToken("wide")?.uses.count == 30)
    let list = try await store.issuedTokens(.all, .init(), now: now, PageRequest())
    #expect(list.items.first?.uses.map(\.at) == Array(0..<10))
  }
}
