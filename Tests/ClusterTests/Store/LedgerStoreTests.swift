import AgentToken
import Cluster
import Testing

@Suite struct LedgerStoreTests {
  private func lines(_ range: ClosedRange<Int64>, _ event: String = "start") -> [LedgerLine] {
    range.map { LedgerLine(sequence: $0, time: 1, event: event, text: #"{"seq":\#($0)}"#) }
  }

  @Test func goesOnFromWhereItIs() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    try await store.add(host("web-2"), alarm: nil)
    let first = LedgerPosition(
      size: 3, lines: 3, peaks: [[UInt8](repeating: 7, count: 32)], key: "ck")
    try await store.append(
      lines(1...3), to: "id-web-1", from: 0, position: first, uses: [:], alarms: [])
    #expect(try await store.agent("id-web-1")?.ledger == first)
    // The same once more, as after a lost acknowledgement.
    #expect(
      await code {
        try await store.append(
          lines(1...3), to: "id-web-1", from: 0, position: first, uses: [:],
          alarms: [alarm("x")])
      } == .conflict)
    #expect(try await store.alarm("x") == nil)
    try await store.append(
      lines(4...5), to: "id-web-1", from: 3, position: LedgerPosition(size: 5, lines: 5),
      uses: [:], alarms: [alarm("y")])
    #expect(try await store.alarm("y") != nil)
    #expect(
      try await store.ledger(of: "id-web-1", since: 0, limit: 100) == lines(1...3) + lines(4...5))
    #expect(
      try await store.ledger(of: "id-web-1", since: 2, limit: 2).map(\.sequence) == [2, 3])
    #expect(try await store.ledger(of: "id-web-2", since: 0, limit: 10) == [])
    #expect(
      await code {
        try await store.append(
          [], to: "none", from: 0, position: LedgerPosition(), uses: [:], alarms: [])
      } == .notFound)
  }

  @Test func showsOfALedgerThatWasSetBackWhatCameLast() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    func append(
      _ lines: [LedgerLine], from size: Int64, to end: Int64
    ) async throws {
      try await store.append(
        lines, to: "id-web-1", from: size, position: LedgerPosition(size: end, lines: end),
        uses: [:], alarms: [])
    }
    try await append(lines(1...6), from: 0, to: 6)
    try await append(lines(4...5, "again"), from: 6, to: 5)
    #expect(
      try await store.ledger(of: "id-web-1", since: 0, limit: 100)
        == lines(1...3) + lines(4...5, "again"))
    try await append([], from: 5, to: 0)
    #expect(try await store.ledger(of: "id-web-1", since: 0, limit: 100) == [])
  }

  @Test func notesWhereTokensWereUsed() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    try await store.keep([issued("t1")], audit: [entry()])
    let use = IssuedTokenRecord.Use(agent: "id-web-1", at: 5, record: 2, isMeant: false)
    try await store.append(
      lines(1...2), to: "id-web-1", from: 0, position: LedgerPosition(size: 2, lines: 2),
      uses: ["t1": use, "foreign": use], alarms: [])
    let token = try await store.issuedToken("t1")
    #expect(token?.uses == [use])
    #expect(token?.status(at: StoreFixture.noon) == .used)
    #expect(try await store.issuedToken("foreign") == nil)
  }
}
