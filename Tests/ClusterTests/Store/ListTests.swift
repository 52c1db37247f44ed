import AgentToken
import Cluster
import ClusterSQLite
import Linux
import Testing

/// What holds of every list and every text.
@Suite struct ListTests {
  @Test func showsNothingTwiceWhileOthersAdd() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    func add(_ range: Range<Int>, _ name: String) async throws {
      for index in range {
        try await store.add(host("\(name)-\(index)"), alarm: nil)
        try await store.create([registration("\(name)\(index)x")], audit: [])
      }
    }
    try await add(0..<120, "old")
    async let growing: Void = add(0..<120, "new")
    let agents = try await all(limit: 7) { try await store.agents(.all, .init(), $0) }.map(\.id)
    let tokens = try await all(limit: 7) {
      try await store.registrationTokens(.all, .init(), now: 0, $0)
    }.map(\.id)
    try await growing
    for (shown, expected) in [
      (agents, (0..<120).map { "id-old-\($0)" }), (tokens, (0..<120).map { "old\($0)x" }),
    ] {
      #expect(Set(shown).count == shown.count)
      #expect(Set(expected).isSubset(of: shown))
    }
  }

  @Test func leavesNothingOutWhenSomethingGoes() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create((0..<10).map { registration("r\($0)x") }, audit: [])
    let first = try await store.registrationTokens(.all, .init(), now: 0, PageRequest(limit: 4))
    try await store.delete(registrationTokens: ["r6x", "r9x"], audit: [])
    let second = try await store.registrationTokens(
      .all, .init(), now: 0, PageRequest(limit: 4, after: first.next))
    #expect(first.items.map(\.id) == ["r9x", "r8x", "r7x", "r6x"])
    #expect(second.items.map(\.id) == ["r5x", "r4x", "r3x", "r2x"])
  }

  @Test func refusesACursorThatNoPageGave() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create((0..<3).map { registration("r\($0)x") }, audit: [])
    for index in 0..<3 { try await store.add(host("web-\(index)"), alarm: nil) }
    let agents = try await store.agents(.all, .init(), PageRequest(limit: 1)).next
    let tokens = try await store.registrationTokens(
      .all, .init(), now: 0, PageRequest(limit: 1)
    ).next
    #expect(agents != nil && tokens != nil)
    let nonsense = [
      "", "x", "=", "' OR 1=1 --", String(repeating: "A", count: 5000),
      Base64URL.encode(Array(#"["agents"]"#.utf8)),
      Base64URL.encode(Array(#"["agents",1,2,3]"#.utf8)),
      Base64URL.encode(Array(#"["agents","a","b","c","d"]"#.utf8)),
      Base64URL.encode(Array(#"["registration-tokens","1"]"#.utf8)),
      Base64URL.encode(Array(#"["registration-tokens",99999999999999999999]"#.utf8)),
    ]
    for cursor in nonsense + [tokens ?? ""] {
      #expect(
        await code {
          _ = try await store.agents(.all, .init(), PageRequest(after: cursor))
        }?.rawValue == "invalid_request", "\(cursor)")
    }
    for cursor in nonsense + [agents ?? ""] {
      #expect(
        await code {
          _ = try await store.registrationTokens(
            .all, .init(), now: 0, PageRequest(after: cursor))
        }?.rawValue == "invalid_request", "\(cursor)")
    }
  }

  @Test(arguments: [
    "'; DROP TABLE tenants; --", "\"quoted\" 'twice' `thrice`", "?1 :name @name $name",
    "%_\\%", "Größe 🦊 👩‍👩‍👧 e\u{301}", "\u{202E}back\u{0}".replacing("\u{0}", with: ""),
    "line\nfeed\ttab\u{1B}[31m", "", "NULL", "0x00", String(repeating: "x", count: 100_000),
  ])
  func takesAnyText(_ text: String) async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.rename(tenant: "retail", to: text, audit: entry(target: text))
    #expect(try await Array(store.tenant("retail")?.name.utf8 ?? "none".utf8) == Array(text.utf8))
    try await store.add(host("x" + text), alarm: nil)
    let found = try await store.agents(tenant: "retail", agent: "x" + text)
    #expect(found.map { Array($0.agent.utf8) } == [Array(("x" + text).utf8)])
    try await store.set(
      labels: ["n" + text: text], following: nil, of: "id-x" + text, audit: entry(account: text))
    let labelled = try await store.agent("id-x" + text)
    #expect(labelled?.labels.map { Array($0.value.utf8) } == [Array(text.utf8)])
    if text.utf8.count <= 200 {
      let filter = AgentFilter(text: text)
      #expect(try await store.agents(.all, filter, PageRequest()).items.count == 1)
      let page = try await store.audit(.all, AuditFilter(account: text), PageRequest())
      #expect(page.items.allSatisfy { Array($0.account.utf8) == Array(text.utf8) })
    }
    #expect(try await store.tenants(.all, PageRequest()).items.count == 2)
  }

  /// SQLite's texts end there: one that is not what was said is worse than none.
  @Test func takesNoTextWithANUL() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let before = try await fixture.entries()
    for refused in [
      await code { try await store.rename(tenant: "retail", to: "a\0b", audit: entry()) },
      await code {
        try await store.rename(tenant: "retail", to: "a", audit: entry(target: "x\0"))
      },
      await code { _ = try await store.tenant("retail\0x") },
      await code {
        try await store.add(host("a\0b"), alarm: nil)
      },
    ] {
      #expect(refused?.rawValue == "invalid_request")
    }
    #expect(try await store.tenant("retail")?.name == "retail")
    #expect(try await fixture.entries() == before)
  }
}
