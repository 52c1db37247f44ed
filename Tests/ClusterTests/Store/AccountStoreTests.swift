import AgentToken
import Cluster
import Testing

@Suite struct AccountStoreTests {
  @Test func isFoundByIdAndByName() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(try await !store.hasAccounts())
    let ana = person("ana", tenants: ["retail", "wholesale"])
    try await store.create(ana, secretHash: "secret", audit: entry())
    #expect(try await store.hasAccounts())
    #expect(try await store.account("id-ana") == ana)
    let found = try await store.credentials(of: "ana", .person)
    #expect(found?.account == ana)
    #expect(found?.secretHash == "secret")
    #expect(try await store.credentials(of: "ana", .client) == nil)
    #expect(try await store.credentials(of: "Ana", .person) == nil)
    #expect(
      await code {
        try await store.create(
          Account(
            id: "other", kind: .client, name: "ana", role: .auditor, tenants: nil, createdAt: 1,
            createdBy: "x"), secretHash: "x", audit: entry())
      } == .conflict)
  }

  @Test func isOnlyOfTenantsThatThereAre() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(
      await code {
        try await store.create(
          person("ana", tenants: ["nowhere"]), secretHash: "x", audit: entry())
      } == .conflict)
    #expect(try await store.account("id-ana") == nil)
  }

  @Test func showsOnlyThoseOfTenantsThatAreSeen() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    for account in [
      person("ana"), person("ben", tenants: ["wholesale"]),
      person("cleo", tenants: ["retail", "wholesale"]),
      person("site", .siteAdministrator, tenants: nil), person("none", .auditor, tenants: []),
    ] {
      try await store.create(account, secretHash: "x", audit: entry())
    }
    func names(_ view: Visibility, _ kind: Account.Kind? = nil) async throws -> [String] {
      try await all(limit: 2) { try await store.accounts(view, kind: kind, $0) }.map(\.name)
    }
    #expect(try await names(.all) == ["ana", "ben", "cleo", "none", "site"])
    #expect(try await names(Visibility(tenants: ["retail"])) == ["ana", "cleo"])
    #expect(try await names(.all, .client) == [])
  }

  @Test func endsSessionsWithEveryChange() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    var ana = person("ana")
    try await store.create(ana, secretHash: "x", audit: entry())
    let now = StoreFixture.noon
    func open(_ hash: String) async throws {
      try await store.open(
        Session(tokenHash: hash, account: ana.id, createdAt: now, expires: now + 10), audit: nil)
    }
    func isOpen(_ hash: String, at time: Int64 = now) async throws -> Bool {
      try await store.session(tokenHash: hash, now: time) != nil
    }
    try await open("one")
    #expect(try await isOpen("one"))
    #expect(try await !isOpen("one", at: now + 10))
    #expect(try await store.account(ana.id)?.lastUsedAt == now)
    try await store.setSecret(of: ana.id, hash: "y", audit: entry())
    #expect(try await !isOpen("one"))
    #expect(try await store.credentials(of: "ana", .person)?.secretHash == "y")

    try await open("two")
    try await store.close(session: "two")
    #expect(try await !isOpen("two"))

    try await open("three")
    ana.role = .auditor
    ana.tenants = nil
    try await store.update(ana, audit: entry())
    #expect(try await !isOpen("three"))
    #expect(try await store.account(ana.id)?.role == .auditor)
    #expect(try await store.account(ana.id)?.tenants == nil)

    try await open("four")
    ana.isDisabled = true
    try await store.update(ana, audit: entry())
    #expect(try await !isOpen("four"))
    #expect(await code { try await open("five") } == .notFound)

    try await store.tidy(now: now + 10)
    try await store.delete(account: ana.id, audit: entry())
    #expect(try await store.account(ana.id) == nil)
    #expect(await code { try await store.update(ana, audit: entry()) } == .notFound)
    #expect(await code { try await store.delete(account: ana.id, audit: entry()) } == .notFound)
  }

  @Test func keepsOneSiteAdministrator() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    var first = person("first", .siteAdministrator, tenants: nil)
    let second = person("second", .siteAdministrator, tenants: nil)
    try await store.create(first, secretHash: "x", audit: entry())
    try await store.create(second, secretHash: "x", audit: entry())
    try await store.create(person("ana"), secretHash: "x", audit: entry())
    try await store.delete(account: second.id, audit: entry())
    let before = try await fixture.entries().count
    #expect(
      await code { try await store.delete(account: first.id, audit: entry()) } == .conflict)
    first.isDisabled = true
    #expect(await code { try await store.update(first, audit: entry()) } == .conflict)
    first.isDisabled = false
    first.role = .auditor
    #expect(await code { try await store.update(first, audit: entry()) } == .conflict)
    #expect(try await store.account(first.id)?.role == .siteAdministrator)
    #expect(try await fixture.entries().count == before)
    try await store.delete(account: "id-ana", audit: entry())
  }
}
