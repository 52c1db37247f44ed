import AgentToken
import Cluster
import LinkMessages
import Testing

@Suite("Registration tokens")
struct RegistrationTokenTests {
  private static let day: Int64 = 86_400

  @Test func withoutMoreTheyAreForThreeDaysAndOneUse() async throws {
    let office = try await Office.open()
    let owner = try await office.caller(.tenantOwner, ["retail"])
    let (token, text) = try await office.plane.createRegistrationTokens(
      owner, [RegistrationRequest(tenant: "retail")])[0]
    #expect(token.expires == Office.noon + 3 * Self.day)
    #expect((token.uses, token.usesLeft) == (1, 1))
    #expect(token.allowsHighAssurance)
    #expect(!token.managesProfile)
    #expect(token.createdBy == owner.account.id)
    #expect(token.creator == owner.account.name)
    let parts = try #require(RegistrationTokenText(text))
    #expect(parts.fingerprint == office.plane.authority.fingerprint)
    #expect(parts.secret.hasPrefix(token.hint) && token.hint.count == 2)
    #expect(token.secretHash == office.plane.secrets.hash(parts.secret))
    // Kept sealed.
    let kept = try #require(try await office.store.registrationToken(token.id))
    #expect(kept == token)
    #expect(!"\(kept)".contains(parts.secret))
  }

  @Test(arguments: [
    (RegistrationRequest.Lifetime.seconds(3599), false), (.seconds(3600), true),
    (.seconds(365 * day), true), (.seconds(365 * day + 1), false), (.seconds(0), false),
    (.seconds(-1), false), (.seconds(.max), false), (.unlimited, true),
  ])
  func lifetimesHaveLimits(lifetime: RegistrationRequest.Lifetime, isTaken: Bool) async throws {
    let office = try await Office.open()
    let caller = try await office.caller(.siteAdministrator)
    let request = RegistrationRequest(tenant: "retail", lifetime: lifetime)
    let reviewed = try await office.plane.review(caller, [request])[0]
    #expect((reviewed.refusal == nil) == isTaken)
    if case .unlimited = lifetime { #expect(reviewed.expires == nil) }
  }

  @Test func whatIsReviewedIsWhatIsMade() async throws {
    let office = try await Office.open()
    let caller = try await office.caller(.siteAdministrator)
    try await office.profile("strict", tenant: nil)
    try await office.profile("retail-only", tenant: "retail")
    func request(_ change: (inout RegistrationRequest) -> Void) -> RegistrationRequest {
      var request = RegistrationRequest(tenant: "retail")
      change(&request)
      return request
    }
    let entries: [(RegistrationRequest, Refusal.Code?)] = [
      (request { $0.uses = 100_000 }, nil), (request { $0.uses = 0 }, .malformedRequest),
      (request { $0.uses = 100_001 }, .malformedRequest),
      (request { $0.description = String(repeating: "ä", count: 256) }, nil),
      (request { $0.description = String(repeating: "a", count: 257) }, .malformedRequest),
      (request { $0.description = "two\nlines" }, .malformedRequest),
      (request { $0.description = "turned \u{202e} round" }, .malformedRequest),
      (request { $0.profile = "strict" }, nil), (request { $0.profile = "retail-only" }, nil),
      (request { $0.profile = "none" }, .notFound),
      (RegistrationRequest(tenant: "bank", profile: "retail-only"), .notFound),
      (request { $0.managesProfile = true }, .malformedRequest),
      (
        request {
          $0.managesProfile = true
          $0.profile = "strict"
        }, nil
      ),
      (RegistrationRequest(tenant: "nowhere"), .notFound),
      (RegistrationRequest(tenant: ""), .notFound), (RegistrationRequest(tenant: "*"), .notFound),
    ]
    let reviewed = try await office.plane.review(caller, entries.map(\.0))
    #expect(try await office.audited().isEmpty)
    for (entry, review) in zip(entries, reviewed) {
      #expect(review.refusal?.code == entry.1, "\(entry.0)")
      #expect(review.request == entry.0)
      let made = try await refusalCode {
        _ = try await office.plane.createRegistrationTokens(caller, [entry.0])
      }
      #expect(made == entry.1)
    }
    #expect(reviewed[7].profileName == "strict")
    #expect(reviewed[7].tenantName == "RETAIL")
  }

  @Test func severalAreMadeOrNone() async throws {
    let office = try await Office.open()
    let caller = try await office.caller(.siteAdministrator)
    let good = RegistrationRequest(tenant: "retail")
    let refusal = await #expect(throws: Refusal.self) {
      _ = try await office.plane.createRegistrationTokens(
        caller, [good, good, RegistrationRequest(tenant: "nowhere")])
    }
    #expect(refusal?.code == .notFound)
    #expect(refusal?.message.hasPrefix("Entry 3: ") == true)
    let none = try await office.plane.registrationTokens(
      caller, RegistrationTokenFilter(), PageRequest())
    #expect(none.items.isEmpty)
    let made = try await office.plane.createRegistrationTokens(
      caller, [good, RegistrationRequest(tenant: "bank"), good])
    #expect(Set(made.map(\.text)).count == 3)
    #expect(made.map(\.token.tenant) == ["retail", "bank", "retail"])
    for count in [0, 501] {
      let refused = try await refusalCode {
        _ = try await office.plane.createRegistrationTokens(
          caller, Array(repeating: good, count: count))
      }
      #expect(refused == .malformedRequest)
    }
  }

  @Test func onlyWhatIsLiveIsRevealedAndThatIsNoted() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let caller = try await office.caller(.siteAdministrator)
    let made = try await plane.createRegistrationTokens(
      caller,
      [
        RegistrationRequest(tenant: "retail"), RegistrationRequest(tenant: "retail"),
        RegistrationRequest(tenant: "bank", lifetime: .seconds(3600)),
      ])
    let ids = made.map(\.token.id)
    let revealed = try await plane.reveal(caller, [ids[0], ids[2], ids[0]])
    #expect(revealed.map(\.id) == [ids[0], ids[2]])
    #expect(revealed.map(\.text) == [made[0].text, made[2].text])
    let noted = try await office.audited().filter { $0.action == "registration-token.reveal" }
    #expect(noted.map(\.target) == [ids[0], ids[2]])
    #expect(noted.map(\.tenant) == ["retail", "bank"])
    #expect(noted.allSatisfy { $0.account == caller.account.id && $0.source == "192.0.2.1" })

    try await plane.revokeRegistrationTokens(caller, [ids[1]])
    #expect(
      try await refusalCode { _ = try await plane.reveal(caller, [ids[0], ids[1]]) }
        == .registrationRevoked)
    office.advance(by: 3600)
    #expect(
      try await refusalCode { _ = try await plane.reveal(caller, [ids[2]]) } == .registrationExpired
    )
    #expect(
      try await office.audited().count { $0.action == "registration-token.reveal" } == 2)
    let secrets = try made.map { try #require(RegistrationTokenText($0.text)).secret }
    let log = try await office.audited().map { "\($0)" }.joined()
    #expect(secrets.allSatisfy { !log.contains($0) })
  }

  @Test func deletingALiveOneTakesAWordAndRevokesItFirst() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let caller = try await office.caller(.siteAdministrator)
    let ids = try await plane.createRegistrationTokens(
      caller, Array(repeating: RegistrationRequest(tenant: "retail"), count: 3)
    ).map(\.token.id)
    try await plane.revokeRegistrationTokens(caller, [ids[0]])
    #expect(
      try await refusalCode {
        try await plane.deleteRegistrationTokens(caller, [ids[0], ids[1]], force: false)
      } == .conflict)
    #expect(try await plane.registrationToken(caller, ids[1]).revokedAt == nil)
    try await plane.deleteRegistrationTokens(caller, [ids[0]], force: false)
    try await plane.deleteRegistrationTokens(caller, [ids[1]], force: true)
    office.advance(by: 3 * Self.day)
    try await plane.deleteRegistrationTokens(caller, [ids[2]], force: false)
    for id in ids {
      #expect(
        try await refusalCode { _ = try await plane.registrationToken(caller, id) } == .notFound)
    }
    let actions = try await office.audited().filter { $0.target == ids[1] }.map(\.action)
    #expect(
      actions == [
        "registration-token.create", "registration-token.revoke", "registration-token.delete",
      ])
  }

  @Test func revokingAgainChangesNothing() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let caller = try await office.caller(.siteAdministrator)
    let id = try await plane.createRegistrationTokens(
      caller, [RegistrationRequest(tenant: "retail")])[0].token.id
    try await plane.revokeRegistrationTokens(caller, [id])
    office.advance(by: 60)
    try await plane.revokeRegistrationTokens(caller, [id])
    #expect(try await plane.registrationToken(caller, id).revokedAt == Office.noon)
    #expect(
      try await office.audited().count { $0.action == "registration-token.revoke" } == 1)
    #expect(
      try await refusalCode { try await plane.revokeRegistrationTokens(caller, [id, "nothing"]) }
        == .notFound)
  }
}

extension Refusal.Code {
  fileprivate static let malformedRequest = Self(rawValue: "invalid_request")
}
