import AgentToken
import Cluster
import Testing

@Suite("Accounts")
struct AccountTests {
  @Test func namesAndPasswordsHaveAShape() async throws {
    let office = try await Office.open()
    let administrator = try await office.caller(.siteAdministrator)
    func made(_ name: String, _ password: String? = nil, _ kind: Account.Kind = .client)
      async throws -> Refusal.Code?
    {
      try await refusalCode {
        _ = try await office.plane.createAccount(
          administrator,
          AccountRequest(kind: kind, name: name, role: .auditor, password: password))
      }
    }
    for name in [
      "", "Ana", "a b", "ana\n", "x'; DROP TABLE accounts; --", "ä",
      String(repeating: "a", count: 65),
    ] {
      #expect(try await made(name)?.rawValue == "invalid_request", "\(name)")
    }
    for password in [
      "short", "ana@example.com", "twelve\u{7}bells", String(repeating: "a", count: 1025),
    ] {
      #expect(
        try await made("ana@example.com", password, .person)?.rawValue == "invalid_request")
    }
    #expect(try await made("ci", "a password for it")?.rawValue == "invalid_request")
    #expect(try await made("ana@example.com", "twelve bells", .person) == nil)
    #expect(try await made("ana@example.com") == .conflict)
  }

  @Test func rolesAndTenantsFitTogether() async throws {
    let office = try await Office.open()
    let administrator = try await office.caller(.siteAdministrator)
    func made(_ role: AccessRole, _ tenants: [String]?) async throws -> Refusal.Code? {
      try await refusalCode {
        let name = office.plane.secrets.hash(office.plane.secrets.newID()).prefix(20)
        _ = try await office.plane.createAccount(
          administrator,
          AccountRequest(kind: .client, name: String(name), role: role, tenants: tenants))
      }
    }
    for role in [AccessRole.tenantOwner, .agentInstaller] {
      #expect(try await made(role, nil)?.rawValue == "invalid_request")
      #expect(try await made(role, [])?.rawValue == "invalid_request")
      #expect(try await made(role, ["retail", "nowhere"]) == .notFound)
      #expect(try await made(role, ["retail", "bank", "retail"]) == nil)
    }
    #expect(try await made(.siteAdministrator, ["retail"])?.rawValue == "invalid_request")
    for role in [AccessRole.customerSupport, .auditor] {
      #expect(try await made(role, nil) == nil)
      #expect(try await made(role, ["bank"]) == nil)
      #expect(try await made(role, [])?.rawValue == "invalid_request")
    }
  }

  @Test func theLastAdministratorStays() async throws {
    let office = try await Office.open()
    let last = try await office.caller(.siteAdministrator)
    let other = try await office.account(.siteAdministrator)
    let plane = office.plane
    _ = try await plane.changeAccount(last, other.id, AccountChange(isDisabled: true))
    for change in [
      AccountChange(role: .customerSupport), AccountChange(isDisabled: true),
      AccountChange(role: .auditor, tenants: ["retail"]),
    ] {
      #expect(
        try await refusalCode { _ = try await plane.changeAccount(last, last.account.id, change) }
          == .conflict)
    }
    #expect(
      try await refusalCode { try await plane.deleteAccount(last, last.account.id) } == .conflict)
    #expect(try await plane.account(last, last.account.id) == last.account)
    _ = try await plane.changeAccount(last, other.id, AccountChange(isDisabled: false))
    try await plane.deleteAccount(last, last.account.id)
  }

  @Test func anOwnerGivesNothingThatTheyDoNotHave() async throws {
    let office = try await Office.open()
    let owner = try await office.caller(.tenantOwner, ["retail"])
    let plane = office.plane
    func made(_ role: AccessRole, _ tenants: [String]?) async throws -> Refusal.Code? {
      try await refusalCode {
        let name = plane.secrets.hash(plane.secrets.newID()).prefix(20)
        _ = try await plane.createAccount(
          owner, AccountRequest(kind: .client, name: String(name), role: role, tenants: tenants))
      }
    }
    #expect(try await made(.agentInstaller, ["retail"]) == nil)
    #expect(try await made(.auditor, ["retail"]) == nil)
    #expect(try await made(.auditor, nil) == .forbidden)
    #expect(try await made(.tenantOwner, ["retail"]) == .forbidden)
    #expect(try await made(.customerSupport, ["retail"]) == .forbidden)
    #expect(try await made(.siteAdministrator, nil) == .forbidden)
    #expect(try await made(.auditor, ["retail", "bank"]) == .notFound)
    #expect(try await made(.auditor, ["retail", "nowhere"]) == .notFound)

    let installer = try await office.account(.agentInstaller, ["retail"], kind: .client)
    for change in [
      AccountChange(role: .tenantOwner),
      AccountChange(role: .siteAdministrator, tenants: .some(nil)),
      AccountChange(role: .auditor, tenants: .some(nil)),
    ] {
      #expect(
        try await refusalCode { _ = try await plane.changeAccount(owner, installer.id, change) }
          == .forbidden)
    }
    #expect(
      try await refusalCode {
        _ = try await plane.changeAccount(
          owner, installer.id, AccountChange(tenants: ["retail", "bank"]))
      } == .notFound)
    #expect(try await office.store.account(installer.id) == installer)
    #expect(
      try await plane.changeAccount(owner, installer.id, AccountChange(role: .auditor)).role
        == .auditor)
  }

  @Test func ofAnAccountOnlyTheTenantsThatAreSeenAreShown() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let owner = try await office.caller(.tenantOwner, ["retail"])
    let shared = try await office.account(.agentInstaller, ["bank", "retail"])
    let other = try await office.account(.agentInstaller, ["bank"])
    let everybodys = try await office.account(.auditor)
    #expect(try await plane.account(owner, shared.id).tenants == ["retail"])
    let listed = try await plane.accounts(owner, kind: nil, PageRequest()).items
    #expect(Set(listed.map(\.id)) == [owner.account.id, shared.id])
    #expect(listed.allSatisfy { $0.tenants == ["retail"] })
    for hidden in [other.id, everybodys.id, "nobody"] {
      let refusal = await #expect(throws: Refusal.self) {
        _ = try await plane.account(owner, hidden)
      }
      #expect(refusal?.code == .notFound)
      #expect(
        refusal?.message.replacing(hidden, with: "X") == "There is no account \"X\".")
    }
    // They see this one, and it is not theirs alone.
    #expect(
      try await refusalCode {
        _ = try await plane.changeAccount(owner, shared.id, AccountChange(isDisabled: true))
      } == .forbidden)
  }

  @Test func onesOwnPasswordTakesTheOldOne() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let first = try #require(try await plane.firstAdministrator())
    let id = try #require(try await office.store.credentials(of: first.name, .person)).account
    let caller = Caller(account: id, source: "192.0.2.1")
    for wrong in [nil, "", "wrong password"] {
      #expect(
        try await refusalCode {
          try await plane.setPassword(
            caller, caller.account.id, new: "a new password", current: wrong)
        } == .loginFailed)
    }
    try await plane.setPassword(
      caller, caller.account.id, new: "a new password", current: first.password)
    _ = try await plane.logIn(name: "admin", password: "a new password", source: "192.0.2.2")
    #expect(
      try await refusalCode {
        _ = try await plane.logIn(name: "admin", password: first.password, source: "192.0.2.3")
      } == .loginFailed)
  }

  @Test func everyChangeIsInTheAuditLog() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let administrator = try await office.caller(.siteAdministrator)
    let (account, _) = try await plane.createAccount(
      administrator,
      AccountRequest(kind: .client, name: "ci", role: .agentInstaller, tenants: ["retail"]))
    _ = try await plane.changeAccount(administrator, account.id, AccountChange(role: .auditor))
    // The same again is no change.
    _ = try await plane.changeAccount(administrator, account.id, AccountChange(role: .auditor))
    _ = try await plane.renewSecret(administrator, account.id)
    try await plane.deleteAccount(administrator, account.id)
    _ = try await plane.createTenant(administrator, id: "toys", name: "Toys")
    _ = try await plane.renameTenant(administrator, "toys", to: "More toys")
    try await plane.deleteTenant(administrator, "toys")
    let entries = try await office.audited()
    #expect(
      entries.map(\.action) == [
        "account.create", "account.change", "account.secret", "account.delete", "tenant.create",
        "tenant.rename", "tenant.delete",
      ])
    #expect(entries.allSatisfy { $0.account == administrator.account.id })
    #expect(entries.allSatisfy { $0.source == "192.0.2.1" && $0.at == Office.noon })
    #expect(entries.prefix(4).allSatisfy { $0.target == account.id && $0.tenant == "retail" })
  }

  @Test func ownersAndAuditorsReadOfTheirTenantOnly() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let administrator = try await office.caller(.siteAdministrator)
    _ = try await plane.renameTenant(administrator, "retail", to: "Shops")
    _ = try await plane.renameTenant(administrator, "bank", to: "Money")
    _ = try await plane.createAccount(
      administrator, AccountRequest(kind: .client, name: "all", role: .auditor))
    for role in [AccessRole.tenantOwner, .auditor] {
      let caller = try await office.caller(role, ["retail"])
      let entries = try await plane.audit(caller, AuditFilter(), PageRequest()).items
      #expect(entries.map(\.target) == ["retail"])
      let foreign = try await plane.audit(caller, AuditFilter(tenant: "bank"), PageRequest())
      #expect(foreign.items.isEmpty)
    }
  }

  /// Who has an account no more may know that, and not whose it is.
  @Test func movingAnAccountTellsNobodyOfAnothersTenant() async throws {
    let office = try await Office.open()
    let administrator = try await office.caller(.siteAdministrator)
    let account = try await office.account(.agentInstaller, ["retail"])
    _ = try await office.plane.changeAccount(
      administrator, account.id, AccountChange(tenants: ["bank"]))
    func read(_ caller: Caller) async throws -> [AuditEntry] {
      try await office.plane.audit(caller, AuditFilter(action: "account.change"), PageRequest())
        .items
    }
    let owner = try await read(try await office.caller(.tenantOwner, ["retail"]))
    #expect(owner.count == 1 && !owner[0].details.contains("bank"))
    let all = try await read(administrator)
    #expect(all.contains { $0.details.contains("bank") })
  }
}
