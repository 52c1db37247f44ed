import AgentToken
import Cluster
import ClusterSQLite
import Testing

@Suite struct CounterStoreTests {
  @Test func onlyGoesUp() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(try await store.counter("c") == 0)
    #expect(try await store.next(counter: "c") == 1)
    #expect(try await store.raise(counter: "c", atLeast: 10) == 10)
    #expect(try await store.raise(counter: "c", atLeast: 5) == 10)
    #expect(try await store.next(counter: "c") == 11)
    #expect(try await store.counter("c") == 11)
    #expect(try await store.raise(counter: "d", atLeast: 3) == 3)
    #expect(try await store.raise(counter: "d", atLeast: .max) == .max)
    #expect(await code { _ = try await store.next(counter: "d") } == .storeFailed)
    #expect(try await store.counter("d") == .max)
  }

  @Test func givesEveryNumberOnce() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let numbers = try await withThrowingTaskGroup(of: Int64.self) { group in
      for _ in 0..<200 { group.addTask { try await store.next(counter: "c") } }
      return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
    }
    #expect(numbers == Set(1...200))
  }

  @Test func keepsTexts() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(try await store.text("t") == nil)
    try await store.set(text: "t", to: "one")
    try await store.set(text: "t", to: "two")
    #expect(try await store.text("t") == "two")
  }
}

@Suite struct IdempotencyStoreTests {
  private func begin(
    _ store: any ClusterStore, _ request: String = "r", account: String = "a", at now: Int64 = 0
  ) async throws -> Idempotency {
    try await store.begin(idempotencyKey: "k", account: account, request: request, now: now)
  }

  @Test func answersAgainWhatItAnswered() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    #expect(try await begin(store) == .new)
    #expect(try await begin(store) == .underWay)
    #expect(try await begin(store, "other") == .different)
    #expect(try await begin(store, account: "b") == .new)
    try await store.finish(idempotencyKey: "k", account: "a", status: 201, body: [0, 65])
    #expect(try await begin(store) == .done(status: 201, body: [0, 65]))
    #expect(try await begin(store, "other") == .different)
    try await store.abandon(idempotencyKey: "k", account: "a")
    #expect(try await begin(store) == .done(status: 201, body: [0, 65]))
    #expect(try await begin(store, at: 86_400) == .new)
    try await store.abandon(idempotencyKey: "k", account: "a")
    #expect(try await begin(store, "other") == .new)
  }

  @Test func forgetsWhatWasUnderWayWhenTheServerDied() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    #expect(try await begin(fixture.store) == .new)
    try await fixture.store.close()
    let next = try await SQLiteStore.open(path: fixture.path)
    #expect(try await begin(next) == .new)
  }
}
