import Cluster
import Testing

@Suite struct AlarmStoreTests {
  @Test func isRaisedOnceForTheSameSentence() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(try await store.raise(alarm("x1")))
    #expect(try await !store.raise(alarm("x2")))
    #expect(try await store.raise(alarm("x3", message: "More are missing.")))
    #expect(try await store.raise(alarm("x4")))
    #expect(try await store.raise(alarm("x5", .ledgerFork)))
    #expect(try await store.raise(alarm("x6", agent: "id-web-2")))
    #expect(try await store.alarm("x1") == alarm("x1"))
    #expect(try await store.alarm("x2") == nil)
    #expect(try await store.openAlarms() == [.ledgerGap: 4, .ledgerFork: 1])

    try await store.acknowledge(alarm: "x4", at: 5, by: "ana", audit: entry())
    try await store.acknowledge(alarm: "x4", at: 6, by: "ben", audit: entry())
    #expect(try await store.alarm("x4")?.acknowledgedBy == "ana")
    #expect(try await store.alarm("x4")?.acknowledgedAt == 5)
    #expect(try await !store.raise(alarm("x7")))
    #expect(
      await code { try await store.acknowledge(alarm: "none", at: 1, by: "", audit: entry()) }
        == .notFound)
    #expect(try await store.openAlarms() == [.ledgerGap: 3, .ledgerFork: 1])
  }

  /// A host that makes one alarm after the other does not bury those of others.
  @Test func ofOneAgentAndKindSoManyAreOpen() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    for number in 0..<105 {
      let isNew = try await store.raise(alarm("x\(number)", message: "Record \(number)."))
      #expect(isNew == (number < 100))
    }
    #expect(try await store.raise(alarm("y", .ledgerFork)))
    #expect(try await store.raise(alarm("z", agent: "id-web-2")))
    try await store.acknowledge(alarm: "x7", at: 5, by: "ana", audit: entry())
    #expect(try await store.raise(alarm("x200", message: "Record 200.")))
    #expect(try await !store.raise(alarm("x201", message: "Record 201.")))
  }

  @Test func isListedByWhoSeesTheAgent() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    try await store.add(host("web-2", owner: "a2"), alarm: nil)
    for one in [
      alarm("x1"), alarm("x2", agent: "id-web-2"),
      alarm("x3", tenant: "wholesale", agent: "id-db"),
    ] {
      _ = try await store.raise(one)
    }
    try await store.acknowledge(alarm: "x1", at: 5, by: "ana", audit: entry())
    func ids(_ view: Visibility, _ isOpen: Bool? = nil) async throws -> [String] {
      try await all(limit: 1) { try await store.alarms(view, isOpen: isOpen, $0) }.map(\.id)
    }
    #expect(try await ids(.all) == ["x3", "x2", "x1"])
    #expect(try await ids(.all, true) == ["x3", "x2"])
    #expect(try await ids(.all, false) == ["x1"])
    #expect(try await ids(Visibility(tenants: ["retail"])) == ["x2", "x1"])
    #expect(try await ids(Visibility(tenants: ["retail"], owner: "a2")) == ["x2"])
  }
}
