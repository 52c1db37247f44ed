import AgentToken
import Cluster
import Testing

@Suite struct RegistrationTokenStoreTests {
  private let now = StoreFixture.noon

  /// With those who make tokens.
  private func makers() async throws -> StoreFixture {
    let fixture = try await StoreFixture.withTenants()
    for id in ["a1", "a2"] {
      try await fixture.store.create(
        Account(
          id: id, kind: .client, name: id, role: .siteAdministrator, tenants: nil,
          createdAt: now, createdBy: ""), secretHash: "x", audit: entry())
    }
    return fixture
  }

  @Test func comesBackAsItWas() async throws {
    let fixture = try await makers()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let token = registration("r1", description: "für den Laden", expires: nil)
    try await store.create([token], audit: [entry()])
    #expect(try await store.registrationToken("r1") == token)
    #expect(try await store.registrationToken("r2") == nil)
  }

  @Test func areMadeAllOrNone() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let before = try await fixture.entries().count
    #expect(
      await code {
        try await fixture.store.create(
          [registration("r1"), registration("r2", tenant: "nowhere")], audit: [entry(), entry()])
      } == .conflict)
    #expect(try await fixture.store.registrationToken("r1") == nil)
    #expect(try await fixture.entries().count == before)
  }

  @Test func isListedByStatusTenantOwnerAndText() async throws {
    let fixture = try await makers()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let tokens = [
      registration("active", description: "100%_sure"),
      registration("never", description: "100 sure", expires: nil),
      registration("expired", expires: now),
      registration("used", uses: 1),
      registration("suspended", createdBy: "gone", creator: "carl"),
      registration("revoked", tenant: "wholesale", createdBy: "a2", creator: "ben"),
    ]
    try await store.create(tokens, audit: [])
    try await store.revoke(registrationTokens: ["revoked", "none"], at: now, audit: [entry()])
    _ = try await store.enrol(secretHash: "hash of used", agent: "web-1") {
      (_, _) throws(Refusal) in
      EnrolmentDecision(record: host("web-1"), takesUse: true, audit: entry())
    }
    func ids(
      _ filter: RegistrationTokenFilter = .init(), _ view: Visibility = .all
    ) async throws -> [String] {
      try await all(limit: 2) {
        try await store.registrationTokens(view, filter, now: now, $0)
      }.map(\.id)
    }
    #expect(
      try await ids() == ["revoked", "suspended", "used", "expired", "never", "active"])
    for status in RegistrationToken.Status.allCases {
      let expected = try await all {
        try await store.registrationTokens(.all, .init(), now: now, $0)
      }.filter { $0.status(at: now) == status }.map(\.id)
      #expect(!expected.isEmpty)
      #expect(try await ids(.init(status: status)) == expected)
    }
    #expect(try await ids(.init(tenant: "wholesale")) == ["revoked"])
    #expect(try await ids(.init(text: "%_")) == ["active"])
    #expect(try await ids(.init(text: "100")) == ["never", "active"])
    #expect(try await ids(.init(text: "BEN")) == ["revoked"])
    #expect(try await ids(.init(text: "ex")) == ["expired"])
    #expect(try await ids(.init(text: "expired-and-more")) == ["expired"])
    #expect(try await ids(.init(), Visibility(tenants: ["wholesale"])) == ["revoked"])
    #expect(try await ids(.init(), Visibility(tenants: nil, owner: "a2")) == ["revoked"])
    #expect(try await ids(.init(), Visibility(tenants: ["retail"], owner: "a2")) == [])
    #expect(
      await code { _ = try await ids(.init(text: String(repeating: "x", count: 300))) }
        == Refusal.Code(rawValue: "invalid_request"))
  }

  /// A token is worth what whoever made it may do.
  @Test func isSuspendedWhereItsMakerMayNotMakeItAnyMore() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let maker = person("ana", .agentInstaller, tenants: ["retail"])
    try await store.create(maker, secretHash: "x", audit: entry())
    try await store.create(
      person("other", .siteAdministrator, tenants: nil), secretHash: "x", audit: entry())
    try await store.create([registration("r1", createdBy: maker.id)], audit: [entry()])
    var last = maker
    func status(after change: (inout Account) -> Void) async throws -> RegistrationToken.Status? {
      var next = maker
      change(&next)
      try await store.update(last, to: next, audit: [entry()])
      last = next
      let kept = try await store.registrationToken("r1")?.status(at: now)
      for status in RegistrationToken.Status.allCases {
        let listed = try await store.registrationTokens(
          .all, .init(status: status), now: now, PageRequest())
        #expect(listed.items.isEmpty == (status != kept))
      }
      let seen = await refusal {
        _ = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
          (token, _) throws(Refusal) in
          #expect(token.status(at: now) == kept)
          throw Refusal(.forbidden, "Not asked.")
        }
      }
      #expect(seen?.code == .forbidden)
      return kept
    }
    #expect(try await status { _ in } == .active)
    #expect(try await status { $0.isDisabled = true } == .suspended)
    #expect(try await status { $0.tenants = ["wholesale"] } == .suspended)
    #expect(try await status { $0.role = .auditor } == .suspended)
    #expect(try await status { $0.tenants = ["retail", "wholesale"] } == .active)
    #expect(
      try await status {
        $0.role = .siteAdministrator
        $0.tenants = nil
      } == .active)
    #expect(try await status { _ in } == .active)
    try await store.delete(last, audit: entry())
    #expect(try await store.registrationToken("r1")?.status(at: now) == .suspended)
  }

  @Test func givesOnlyAProfileThatThereIs() async throws {
    let fixture = try await makers()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create(profile("all"), audit: entry())
    try await store.create(profile("theirs", tenant: "wholesale"), audit: entry())
    for (given, expected) in [
      ("all", nil), ("theirs", Refusal.Code.conflict), ("gone", .conflict),
    ] {
      let refused = await code {
        try await store.create([registration("r-\(given)", profile: given)], audit: [entry()])
      }
      #expect(refused == expected)
      #expect(try await store.registrationToken("r-\(given)") == nil || expected == nil)
    }
  }

  @Test func staysRevokedAndIsDeleted() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create([registration("r1")], audit: [entry()])
    try await store.revoke(registrationTokens: ["r1"], at: now, audit: [entry()])
    try await store.revoke(registrationTokens: ["r1"], at: now + 5, audit: [entry()])
    #expect(try await store.registrationToken("r1")?.revokedAt == now)
    try await store.delete(registrationTokens: ["r1", "none"], audit: [entry()])
    #expect(try await store.registrationToken("r1") == nil)
  }

  @Test func aRefusedEnrolmentTakesNoUse() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create([registration("r1")], audit: [entry()])
    let before = try await fixture.entries().count
    #expect(
      await code {
        _ = try await store.enrol(secretHash: "another", agent: "web-1") { (_, _) throws(Refusal) in
          throw Refusal(.forbidden, "Not asked.")
        }
      } == .registrationUnknown)
    #expect(
      await code {
        _ = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
          (_, _) throws(Refusal) in
          throw Refusal(.registrationExpired, "Too late.")
        }
      } == .registrationExpired)
    // An agent of another tenant that is not there: refused after the use was taken.
    #expect(
      await code {
        _ = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
          (_, _) throws(Refusal) in
          EnrolmentDecision(
            record: host("web-1", tenant: "nowhere"), takesUse: true, audit: entry())
        }
      } == .conflict)
    #expect(try await store.registrationToken("r1")?.usesLeft == 1)
    #expect(try await store.agent("id-web-1") == nil)
    #expect(try await fixture.entries().count == before)
  }

  @Test func enrolsAnewInPlaceOfTheOldRecord() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create([registration("r1", uses: 2)], audit: [entry()])
    let first = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
      (token, present) throws(Refusal) in
      #expect(token.usesLeft == 2)
      #expect(present == nil)
      return EnrolmentDecision(record: host("web-1"), takesUse: true, audit: entry())
    }
    #expect(try await store.agent("id-web-1") == first)
    try await store.keep(report: report(doctor: "{}"), of: first.id)
    try await store.set(labels: ["site": "berlin"], following: nil, of: first.id, audit: entry())
    let second = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
      (_, present) throws(Refusal) in
      guard var record = present else { throw Refusal(.notFound, "It was there.") }
      #expect(record.report == report(doctor: "{}"))
      record.hostname = "new.example.com"
      record.keyHash = "another"
      return EnrolmentDecision(record: record, takesUse: false, audit: entry())
    }
    #expect(second.id == first.id)
    #expect(second.labels == ["site": "berlin"])
    #expect(try await store.agent(first.id) == second)
    #expect(try await store.registrationToken("r1")?.usesLeft == 1)
    #expect(
      await code {
        _ = try await store.enrol(secretHash: "hash of r1", agent: "web-1") {
          (_, _) throws(Refusal) in
          EnrolmentDecision(record: host("web-1", id: "other"), takesUse: true, audit: entry())
        }
      } == .conflict)
    #expect(try await store.registrationToken("r1")?.usesLeft == 1)
  }

  /// Two hosts race for the last use of a token, again and again: one wins.
  @Test func theLastUseIsTakenOnce() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let rounds = 100
    try await store.create((0..<rounds).map { registration("r\($0)x") }, audit: [])
    try await withThrowingTaskGroup(of: (Int, Refusal.Code?).self) { group in
      for round in 0..<rounds {
        for racer in ["left", "right"] {
          group.addTask {
            let agent = "\(racer)-\(round)"
            return (
              round,
              await code {
                _ = try await store.enrol(secretHash: "hash of r\(round)x", agent: agent) {
                  (_, _) throws(Refusal) in
                  EnrolmentDecision(record: host(agent), takesUse: true, audit: entry())
                }
              }
            )
          }
        }
      }
      var lost: [Int: Int] = [:]
      for try await (round, code) in group where code != nil {
        #expect(code == .registrationUsedUp)
        lost[round, default: 0] += 1
      }
      #expect(lost.count == rounds)
      #expect(lost.values.allSatisfy { $0 == 1 })
    }
    let agents = try await all { try await store.agents(.all, .init(), $0) }
    #expect(agents.count == rounds)
    for round in 0..<rounds {
      #expect(try await store.registrationToken("r\(round)x")?.usesLeft == 0)
    }
  }

  @Test func givesBackTheUsesOfThoseNeverHeardOf() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    try await store.create([registration("r1", uses: 3)], audit: [entry()])
    for agent in ["silent", "alive", "free"] {
      _ = try await store.enrol(secretHash: "hash of r1", agent: agent) { (_, _) throws(Refusal) in
        EnrolmentDecision(record: host(agent), takesUse: agent != "free", audit: entry())
      }
    }
    try await store.keep(report: report(), of: "id-alive")
    #expect(try await store.forgetPending(enrolledBefore: now) == 0)
    #expect(try await store.forgetPending(enrolledBefore: now + 1) == 2)
    #expect(try await store.agent("id-silent") == nil)
    #expect(try await store.agent("id-free") == nil)
    #expect(try await store.agent("id-alive")?.state == .active)
    #expect(try await store.registrationToken("r1")?.usesLeft == 2)
  }
}
