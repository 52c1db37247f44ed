import AgentToken
import Cluster
import Testing

@Suite struct AgentStoreTests {
  @Test func comesBackAsItWas() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create(profile("p1"), audit: entry())
    let record = AgentRecord(
      id: "a", tenant: "retail", agent: "web-1", hostname: "web-1", machine: "m", cloneOf: "b",
      state: .active, enrolledAt: 1, owner: "o", ownerName: "Ola", registrationToken: "r",
      allowsHighAssurance: false, ownProfile: "p1", labels: ["a": "1", "b": "ü=\"'"],
      keyHash: "k", certificateSerial: "0f", certificateExpires: 2, lastSeen: 3,
      report: report("degraded", doctor: #"{"checks":[]}"#),
      ledger: LedgerPosition(
        size: 3, lines: 4, peaks: [[UInt8](repeating: 1, count: 32), Array(0..<32)], key: "ck"),
      profile: SentProfile(version: 7, settingsHash: "h", source: "p1/2"))
    try await store.add(record, alarm: nil)
    #expect(try await store.agent("a") == record)
    #expect(try await store.agent("b") == nil)
    // Lists leave the long texts out.
    var short = record
    short.report?.status = ""
    short.report?.doctor = nil
    #expect(try await store.agents(.all, .init(), PageRequest()).items == [short])
    #expect(try await store.agents(tenant: "retail", agent: "web-1") == [short])
  }

  @Test func standsBesideItsClones() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    #expect(
      await code { try await store.add(host("web-1", id: "other"), alarm: alarm("x")) }
        == .conflict)
    #expect(try await store.alarm("x") == nil)
    try await store.add(
      host("web-1", id: "copy", cloneOf: "id-web-1"), alarm: alarm("x", .clone))
    #expect(try await store.alarm("x")?.kind == .clone)
    #expect(
      try await store.agents(tenant: "retail", agent: "web-1").map(\.id) == ["copy", "id-web-1"])
    // A name is free again once its agent is retired, and the same in another tenant is another.
    try await store.retire(agent: "id-web-1", audit: entry())
    try await store.add(host("web-1", id: "next"), alarm: nil)
    try await store.add(host("web-1", id: "elsewhere", tenant: "wholesale"), alarm: nil)
  }

  @Test func keepsWhatAnAgentSays() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.add(host("web-1"), alarm: nil)
    try await store.keep(report: report(doctor: "{}"), of: "id-web-1")
    var known = try await store.agent("id-web-1")
    #expect(known?.state == .active)
    #expect(known?.report == report(doctor: "{}"))
    #expect(known?.lastSeen == StoreFixture.noon + 60)
    // What doctor said stays until it says something else.
    try await store.keep(report: report("unprotected"), of: "id-web-1")
    known = try await store.agent("id-web-1")
    #expect(known?.report == report("unprotected", doctor: "{}"))
    try await store.keep(lastSeen: ["id-web-1": StoreFixture.noon + 50, "none": 1])
    #expect(try await store.agent("id-web-1")?.lastSeen == StoreFixture.noon + 60)
    try await store.keep(lastSeen: ["id-web-1": StoreFixture.noon + 70])
    #expect(try await store.agent("id-web-1")?.lastSeen == StoreFixture.noon + 70)

    try await store.retire(agent: "id-web-1", audit: entry())
    #expect(
      await code { try await store.keep(report: report(), of: "id-web-1") } == .notFound)
    #expect(await code { try await store.keep(report: report(), of: "none") } == .notFound)
    #expect(try await store.agent("id-web-1")?.state == .retired)
  }

  @Test func changesOnePartOnly() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create(profile("p1"), audit: entry())
    var record = host("web-1", state: .active)
    try await store.add(record, alarm: nil)
    try await store.keep(
      certificateSerial: "02", keyHash: "key", expires: 9, of: record.id, audit: entry("renew"))
    record.certificateSerial = "02"
    record.certificateExpires = 9
    try await store.keep(profiles: [record.id: SentProfile(version: 2, settingsHash: "s")])
    record.profile = SentProfile(version: 2, settingsHash: "s")
    try await store.set(
      labels: ["a": "1", "b": "2"], following: nil, of: record.id, audit: entry("label"))
    try await store.set(labels: ["b": "3"], following: nil, of: record.id, audit: entry("label"))
    record.labels = ["b": "3"]
    let late = await code {
      try await store.set(
        labels: [:], following: ["a": "1", "b": "2"], of: record.id, audit: entry("label"))
    }
    #expect(late == .conflict)
    try await store.set(
      labels: ["b": "3"], following: ["b": "3"], of: record.id, audit: entry("label"))
    try await store.set(ownProfile: "p1", of: record.id, audit: entry("own"))
    record.ownProfile = "p1"
    #expect(try await store.agent(record.id) == record)
    #expect(
      await code { try await store.set(ownProfile: "none", of: record.id, audit: entry()) }
        == .conflict)
    for change in [
      await code { try await store.set(ownProfile: nil, of: "none", audit: entry()) },
      await code { try await store.set(labels: [:], following: nil, of: "none", audit: entry()) },
      await code { try await store.retire(agent: "none", audit: entry()) },
      await code {
        try await store.keep(
          certificateSerial: "", keyHash: "key", expires: 1, of: "none", audit: entry())
      },
      // It was enrolled anew with another key meanwhile.
      await code {
        try await store.keep(
          certificateSerial: "", keyHash: "old", expires: 1, of: record.id, audit: entry())
      },
    ] {
      #expect(change == .notFound)
    }
    #expect(
      try await fixture.entries().map(\.action).suffix(5)
        == ["renew", "label", "label", "label", "own"])
  }

  @Test func isListedByWhatIsAskedFor() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    for record in [
      host("web-1"), host("web-2", owner: "a2"), host("db_1", tenant: "wholesale"),
      host("db-2", tenant: "wholesale"), host("old", state: .retired),
    ] {
      try await store.add(record, alarm: nil)
    }
    try await store.keep(report: report(), of: "id-web-1")
    try await store.keep(report: report("degraded"), of: "id-db_1")
    try await store.set(
      labels: ["site": "berlin=1"], following: nil, of: "id-web-2", audit: entry())
    func agents(
      _ filter: AgentFilter = .init(), _ view: Visibility = .all
    ) async throws -> [String] {
      try await all(limit: 2) { try await store.agents(view, filter, $0) }.map(\.agent)
    }
    #expect(try await agents() == ["old", "web-1", "web-2", "db-2", "db_1"])
    #expect(try await agents(.init(tenant: "wholesale")) == ["db-2", "db_1"])
    #expect(try await agents(.init(state: .active)) == ["web-1", "db_1"])
    #expect(try await agents(.init(protection: "degraded")) == ["db_1"])
    #expect(try await agents(.init(label: "site=berlin=1")) == ["web-2"])
    #expect(try await agents(.init(label: "site=berlin")) == [])
    #expect(
      await code { _ = try await agents(.init(label: "site")) }?.rawValue == "invalid_request")
    #expect(try await agents(.init(text: "b_1")) == ["db_1"])
    #expect(try await agents(.init(text: "EXAMPLE.com")).count == 5)
    #expect(try await agents(.init(ids: ["id-old", "id-db-2", "none"])) == ["old", "db-2"])
    #expect(try await agents(.init(ids: [])) == [])
    #expect(try await agents(.init(seenBefore: StoreFixture.noon + 61)) == ["web-1", "db_1"])
    #expect(try await agents(.init(seenBefore: StoreFixture.noon + 60)) == [])
    #expect(try await agents(.init(), Visibility(tenants: ["wholesale"])) == ["db-2", "db_1"])
    #expect(try await agents(.init(), Visibility(tenants: ["retail"], owner: "a2")) == ["web-2"])
    let filter = AgentFilter(tenant: "wholesale")
    #expect(try await agents(filter, Visibility(tenants: ["retail"])) == [])

    let counts = try await store.agentCounts(.all)
    #expect(counts.states == [.pending: 2, .active: 2, .retired: 1])
    #expect(counts.protection == ["protected": 1, "degraded": 1])
    let seen = try await store.agentCounts(Visibility(tenants: ["retail"], owner: "a2"))
    #expect(seen.states == [.pending: 1])
    #expect(seen.protection == [:])
  }
}
