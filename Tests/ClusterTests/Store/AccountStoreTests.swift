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
    try await store.setSecret(of: ana, replacing: nil, hash: "y", audit: entry())
    #expect(try await !isOpen("one"))
    #expect(try await store.credentials(of: "ana", .person)?.secretHash == "y")

    try await open("two")
    try await store.close(session: "two")
    #expect(try await !isOpen("two"))

    try await open("three")
    let owner = ana
    ana.role = .auditor
    ana.tenants = nil
    try await store.update(owner, to: ana, audit: [entry()])
    #expect(try await !isOpen("three"))
    #expect(try await store.account(ana.id)?.role == .auditor)
    #expect(try await store.account(ana.id)?.tenants == nil)

    try await open("four")
    let auditor = ana
    ana.isDisabled = true
    try await store.update(auditor, to: ana, audit: [entry()])
    #expect(try await !isOpen("four"))
    #expect(await code { try await open("five") } == .notFound)

    try await store.tidy(now: now + 10)
    try await store.delete(ana, audit: entry())
    #expect(try await store.account(ana.id) == nil)
    #expect(await code { try await store.update(ana, to: ana, audit: [entry()]) } == .notFound)
    #expect(await code { try await store.delete(ana, audit: entry()) } == .notFound)
  }

  @Test func keepsOneSiteAdministrator() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let first = person("first", .siteAdministrator, tenants: nil)
    let second = person("second", .siteAdministrator, tenants: nil)
    try await store.create(first, secretHash: "x", audit: entry())
    try await store.create(second, secretHash: "x", audit: entry())
    try await store.create(person("ana"), secretHash: "x", audit: entry())
    try await store.delete(second, audit: entry())
    let before = try await fixture.entries().count
    #expect(
      await code { try await store.delete(first, audit: entry()) } == .conflict)
    var disabled = first
    disabled.isDisabled = true
    var auditor = first
    auditor.role = .auditor
    for other in [disabled, auditor] {
      let refusal = await refusal { try await store.update(first, to: other, audit: [entry()]) }
      #expect(refusal?.code == .conflict && refusal?.message.contains("last") == true)
    }
    #expect(try await store.account(first.id)?.role == .siteAdministrator)
    #expect(try await fixture.entries().count == before)
    try await store.delete(person("ana"), audit: entry())
  }

  /// What an account may do, and who may change it, was decided over what was read: of two who change
  /// it at once, one is told to look again.
  @Test(arguments: [0, 1, 2, 3])
  func isChangedOnlyAsItWasRead(change: Int) async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let read = person("ana", tenants: ["retail"])
    try await store.create(read, secretHash: "old", audit: entry())
    var changed = read
    switch change {
    case 0: changed.role = .auditor
    case 1: changed.tenants = ["wholesale"]
    case 2: changed.tenants = nil
    default: changed.isDisabled = true
    }
    try await store.update(read, to: changed, audit: [entry()])
    let before = try await fixture.entries().count
    var other = read
    other.tenants = ["retail", "wholesale"]
    let late: [() async throws -> Void] = [
      { try await store.update(read, to: other, audit: [entry()]) },
      { try await store.setSecret(of: read, replacing: nil, hash: "new", audit: entry()) },
      { try await store.delete(read, audit: entry()) },
    ]
    for late in late { #expect(await code(late) == .conflict) }
    #expect(try await store.account(read.id) == changed)
    #expect(try await store.credentials(of: "ana", .person)?.secretHash == "old")
    #expect(try await fixture.entries().count == before)
    // Nor is a password set by who knew the one before the last.
    let stale = await code {
      try await store.setSecret(of: changed, replacing: "older", hash: "new", audit: entry())
    }
    #expect(stale == .conflict)
    try await store.setSecret(of: changed, replacing: "old", hash: "new", audit: entry())
    #expect(try await store.credentials(of: "ana", .person)?.secretHash == "new")
  }

  @Test func ofTwoChangesAtOnceOneIsRefused() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let read = person("ana")
    try await store.create(read, secretHash: "x", audit: entry())
    let others = [AccessRole.auditor, .agentInstaller].map { role in
      var account = read
      account.role = role
      return account
    }
    let codes = await withTaskGroup(of: Refusal.Code?.self) { group in
      for other in others {
        group.addTask { await code { try await store.update(read, to: other, audit: [entry()]) } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(codes) == [nil, .conflict])
  }
}
