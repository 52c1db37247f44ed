import Cluster
import Testing

@Suite struct AuditStoreTests {
  @Test func isListedByWhatIsAskedForAndSeen() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    for (index, one) in [
      entry("account.create", account: "a1", name: "ana"),
      entry("account.login", account: "a2", name: "ben", tenant: "retail"),
      entry("accounting", account: "a2", name: "ben", tenant: "wholesale"),
      entry("agent.retire", account: "", name: "", tenant: "retail"),
    ].enumerated() {
      try await store.append(
        AuditEntry(
          at: Int64(index), account: one.account, name: one.name, source: one.source,
          action: one.action, tenant: one.tenant, target: one.target))
    }
    func actions(
      _ filter: AuditFilter = .init(), _ view: Visibility = .all
    ) async throws -> [String] {
      var filter = filter
      filter.until = min(filter.until ?? 100, 100)
      return try await all(limit: 1) { try await store.audit(view, filter, $0) }.map(\.action)
    }
    #expect(
      try await actions()
        == ["agent.retire", "accounting", "account.login", "account.create"])
    #expect(try await actions(.init(action: "account.")) == ["account.login", "account.create"])
    #expect(try await actions(.init(account: "ben")) == ["accounting", "account.login"])
    #expect(try await actions(.init(account: "a1")) == ["account.create"])
    #expect(try await actions(.init(tenant: "wholesale")) == ["accounting"])
    #expect(try await actions(.init(since: 1, until: 3)) == ["accounting", "account.login"])
    #expect(
      try await actions(.init(), Visibility(tenants: ["retail"]))
        == ["agent.retire", "account.login"])
  }
}
