import AgentToken
import Cluster
import Testing

@Suite("Logging in")
struct LoginTests {
  private static let password = "correct horse battery"

  /// A person who may log in.
  private func person(
    _ office: Office, _ role: AccessRole = .siteAdministrator, _ tenants: [String]? = nil,
    name: String = "ana"
  ) async throws -> Account {
    let administrator = try await office.caller(.siteAdministrator)
    return try await office.plane.createAccount(
      administrator,
      AccountRequest(
        kind: .person, name: name, role: role, tenants: tenants, password: Self.password)
    ).account
  }

  @Test func theFirstAdministratorIsMadeOnce() async throws {
    let office = try await Office.open()
    let first = try #require(try await office.plane.firstAdministrator())
    #expect(try await office.plane.firstAdministrator() == nil)
    let grant = try await office.plane.logIn(
      name: first.name, password: first.password, source: "192.0.2.1")
    #expect(grant.account.role == .siteAdministrator)
    #expect(grant.expires == Office.noon + office.plane.settings.session)
    let caller = try await office.plane.caller(
      accessToken: grant.accessToken, source: "192.0.2.1")
    #expect(caller.account.id == grant.account.id)
    let actions = try await office.audited().map(\.action)
    #expect(actions == ["account.create", "account.login"])
  }

  @Test func whateverIsNotRightIsTheSameAndIsAudited() async throws {
    let office = try await Office.open()
    let account = try await person(office)
    _ = try await person(office, name: "disabled")
    let disabled = try #require(try await office.store.credentials(of: "disabled", .person)).account
    var off = disabled
    off.isDisabled = true
    try await office.store.update(disabled, to: off, audit: [office.note])
    var refusals: [Refusal] = []
    for (name, password) in [
      ("ana", "wrong"), ("nobody", Self.password), ("disabled", Self.password), ("ana", ""),
      ("ana' OR '1'='1", Self.password),
      ("ana", String(repeating: "a", count: 1 << 20)),
    ] {
      let source = "192.0.2.\(refusals.count)"
      let refusal = await #expect(throws: Refusal.self) {
        _ = try await office.plane.logIn(name: name, password: password, source: source)
      }
      refusals.append(try #require(refusal))
    }
    #expect(Set(refusals.map(\.code)) == [.loginFailed])
    #expect(Set(refusals.map(\.message)).count == 1)
    let failures = try await office.audited().filter { $0.action == "account.login-failed" }
    #expect(failures.map(\.account) == [account.id, "", disabled.id, account.id, "", account.id])
    #expect(failures.map(\.name) == ["ana", "nobody", "disabled", "ana", "", "ana"])
    #expect(failures[1].source == "192.0.2.1")
  }

  @Test func namesAreTakenInCapitalsToo() async throws {
    let office = try await Office.open()
    let account = try await person(office)
    let grant = try await office.plane.logIn(
      name: "Ana", password: Self.password, source: "192.0.2.1")
    #expect(grant.account.id == account.id)
  }

  @Test func guessingIsSlowedForItsSourceAndItsNameOnly() async throws {
    let office = try await Office.open()
    _ = try await person(office)
    _ = try await person(office, name: "ben")
    _ = try await office.plane.logIn(name: "ana", password: Self.password, source: "192.0.2.1")
    func attempt(_ name: String, _ password: String, _ source: String) async throws
      -> Refusal.Code?
    {
      try await refusalCode {
        _ = try await office.plane.logIn(name: name, password: password, source: source)
      }
    }
    for _ in 0..<5 { #expect(try await attempt("ana", "wrong", "203.0.113.9") == .loginFailed) }
    let before = try await office.audited().count
    #expect(try await attempt("ana", Self.password, "203.0.113.9") == .tooMany)
    #expect(try await attempt("ben", Self.password, "203.0.113.9") == .tooMany)
    #expect(try await attempt("ana", Self.password, "203.0.113.10") == .tooMany)
    // What was not looked at is not noted either.
    #expect(try await office.audited().count == before)
    #expect(try await attempt("ana", Self.password, "192.0.2.1") == nil)
    #expect(try await attempt("ben", Self.password, "203.0.113.10") == nil)
    office.advance(by: 2)
    #expect(try await attempt("ana", Self.password, "203.0.113.9") == nil)
  }

  @Test func manyAttemptsAtOnceFromOneSourceLeaveRoomForOthers() async throws {
    let office = try await Office.open()
    _ = try await person(office)
    let codes = try await withThrowingTaskGroup(of: Refusal.Code?.self) { group in
      for index in 0..<50 {
        group.addTask {
          try await refusalCode {
            _ = try await office.plane.logIn(
              name: "name\(index)", password: "guess", source: "203.0.113.9")
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.count { $0 == .loginFailed } == 5)
    #expect(codes.count { $0 == .tooMany } == 45)
    _ = try await office.plane.logIn(name: "ana", password: Self.password, source: "192.0.2.1")
  }

  @Test func clientsHaveCredentialsAndPeoplePasswords() async throws {
    let office = try await Office.open()
    let administrator = try await office.caller(.siteAdministrator)
    let (client, secret) = try await office.plane.createAccount(
      administrator,
      AccountRequest(kind: .client, name: "ci", role: .agentInstaller, tenants: ["retail"]))
    _ = try await person(office)
    let made = try #require(secret)
    let grant = try await office.plane.grant(
      clientID: "ci", clientSecret: made, source: "192.0.2.1")
    #expect(grant.account.id == client.id)
    #expect(grant.expires == Office.noon + office.plane.settings.grant)
    #expect(
      try await refusalCode {
        _ = try await office.plane.logIn(name: "ci", password: made, source: "192.0.2.2")
      } == .loginFailed)
    #expect(
      try await refusalCode {
        _ = try await office.plane.grant(
          clientID: "ana", clientSecret: Self.password, source: "192.0.2.3")
      } == .loginFailed)
    #expect(
      try await refusalCode {
        _ = try await office.plane.grant(clientID: "ci", clientSecret: "", source: "192.0.2.3")
      } == .loginFailed)
    let renewed = try await office.plane.renewSecret(administrator, client.id)
    #expect(
      try await refusalCode {
        _ = try await office.plane.caller(accessToken: grant.accessToken, source: "192.0.2.1")
      } == .unauthenticated)
    #expect(
      try await refusalCode {
        _ = try await office.plane.grant(clientID: "ci", clientSecret: made, source: "192.0.2.4")
      } == .loginFailed)
    _ = try await office.plane.grant(clientID: "ci", clientSecret: renewed, source: "192.0.2.1")
  }

  @Test func aSessionEndsWithItsTimeItsOwnerAndEachChangeOfTheAccount() async throws {
    let office = try await Office.open()
    let administrator = try await office.caller(.siteAdministrator)
    let account = try await person(office, .auditor)
    let plane = office.plane
    var source = 0
    func ends(_ how: (Grant) async throws -> Void) async throws -> Bool {
      source += 1
      let grant = try await plane.logIn(
        name: "ana", password: Self.password, source: "192.0.2.\(source)")
      _ = try await plane.caller(accessToken: grant.accessToken, source: "x")
      try await how(grant)
      return try await refusalCode {
        _ = try await plane.caller(accessToken: grant.accessToken, source: "x")
      } == .unauthenticated
    }
    #expect(try await !ends { _ in })
    #expect(try await ends { try await plane.logOut(accessToken: $0.accessToken) })
    #expect(
      try await ends { _ in
        _ = try await plane.changeAccount(
          administrator, account.id, AccountChange(tenants: ["retail"]))
      })
    #expect(
      try await ends { _ in
        _ = try await plane.changeAccount(
          administrator, account.id, AccountChange(role: .customerSupport))
      })
    #expect(
      try await ends { _ in
        try await plane.setPassword(
          administrator, account.id, new: Self.password, current: nil)
      })
    #expect(
      try await ends { _ in
        for isDisabled in [true, false] {
          _ = try await plane.changeAccount(
            administrator, account.id, AccountChange(isDisabled: isDisabled))
        }
      })
    #expect(try await ends { _ in office.advance(by: plane.settings.session) })
    #expect(
      try await ends { _ in try await plane.deleteAccount(administrator, account.id) })
  }

  @Test func wrongAccessTokensAreNobodys() async throws {
    let office = try await Office.open()
    for token in ["", "x", String(repeating: "A", count: 1 << 16), "' OR 1=1 --"] {
      #expect(
        try await refusalCode { _ = try await office.plane.caller(accessToken: token, source: "x") }
          == .unauthenticated)
    }
  }

  @Test func thereAreNoTenantOwnersWhereTheRoleIsOff() async throws {
    let office = try await Office.open(tenantOwners: false)
    #expect(
      try await refusalCode { _ = try await person(office, .tenantOwner, ["retail"]) }?.rawValue
        == "invalid_request")
    let account = try await person(office, .agentInstaller, ["retail"])
    // As one is whom the role was taken from under.
    var owner = account
    owner.role = .tenantOwner
    try await office.store.update(account, to: owner, audit: [office.note])
    #expect(
      try await refusalCode {
        _ = try await office.plane.logIn(
          name: "ana", password: Self.password, source: "192.0.2.1")
      } == .loginFailed)
    let session = Session(
      tokenHash: office.plane.secrets.hash("token"), account: owner.id, createdAt: Office.noon,
      expires: Office.noon + 60)
    try await office.store.open(session, audit: nil)
    #expect(
      try await refusalCode { _ = try await office.plane.caller(accessToken: "token", source: "x") }
        == .unauthenticated)
  }

  @Test func nothingSecretIsInTheAuditLog() async throws {
    let office = try await Office.open()
    let first = try #require(try await office.plane.firstAdministrator())
    let grant = try await office.plane.logIn(
      name: first.name, password: first.password, source: "192.0.2.1")
    let caller = try await office.plane.caller(accessToken: grant.accessToken, source: "x")
    try await office.plane.setPassword(
      caller, caller.account.id, new: Self.password, current: first.password)
    let text = try await office.audited().map { "\($0)" }.joined()
    for secret in [first.password, grant.accessToken, Self.password] {
      #expect(!text.contains(secret))
    }
  }
}
