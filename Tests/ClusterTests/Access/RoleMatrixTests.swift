import AgentToken
import Cluster
import Testing

/// Every role, every action, in its own tenant and in another: as the contract has it, and not as the
/// code does.
@Suite("Who may do what")
struct RoleMatrixTests {
  enum Verdict: Character {
    case yes = "y"
    /// `forbidden`.
    case no = "n"
    /// `not_found`, as if it were not there.
    case hidden = "h"
  }

  /// Site administrator, customer support of all tenants and of one, tenant owner, agent installer,
  /// auditor of all tenants and of one; the ones of a tenant in their own, then in another.
  static let table = """
    see the tenant               yyyyyyy yyhhhyh
    create a tenant              ynnnnnn ynnnnnn
    rename the tenant            ynnnnnn ynnnnnn
    delete the tenant            ynnnnnn ynnnnnn
    create a site administrator  ynnnnnn ynnnnnn
    create support               ynnnnnn ynnhnnn
    create an owner              ynnnnnn ynnhnnn
    create an installer          ynnynnn ynnhnnn
    create an auditor            ynnynnn ynnhnnn
    see an installer             ynnynyy ynnhnyh
    see an owner                 ynnynyy ynnhnyh
    see a site administrator     ynnhnyh ynnhnyh
    disable an installer         ynnynnn ynnhnnn
    disable an auditor           ynnynnn ynnhnnn
    disable an owner             ynnnnnn ynnhnnn
    disable support              ynnnnnn ynnhnnn
    disable a site administrator ynnhnnn ynnhnnn
    promote an installer         ynnnnnn ynnhnnn
    move to another tenant       ynnhnnn ynnhnnn
    renew a client's secret      ynnynnn ynnhnnn
    delete an installer          ynnynnn ynnhnnn
    delete an owner              ynnnnnn ynnhnnn
    list accounts                ynnynyy ynnynyy
    read the audit log           ynnynyy ynnynyy
    create a registration token  ynnyynn ynnhhnn
    review registration tokens   ynnyynn ynnhhnn
    see a registration token     yyyyhyy yyhhhyh
    reveal a registration token  ynnyhnn ynnhhnn
    revoke a registration token  ynnyhnn ynnhhnn
    delete a registration token  ynnyhnn ynnhhnn
    """

  static let roles: [(role: AccessRole, isForAll: Bool)] = [
    (.siteAdministrator, true), (.customerSupport, true), (.customerSupport, false),
    (.tenantOwner, false), (.agentInstaller, false), (.auditor, true), (.auditor, false),
  ]

  /// What is there in the tenant that an action is about, made by others.
  struct Stage {
    let plane: ControlPlane
    var caller: Caller
    let tenant: String
    let otherTenant: String
    let token: RegistrationToken
    let accounts: [AccessRole: Account]

    func id(_ role: AccessRole) throws -> String { try #require(accounts[role]).id }

    func create(_ role: AccessRole) async throws {
      let name = plane.secrets.hash(plane.secrets.newID()).prefix(20)
      _ = try await plane.createAccount(
        caller,
        AccountRequest(
          kind: .client, name: String(name), role: role,
          tenants: role == .siteAdministrator ? nil : [tenant]))
    }

    func change(_ role: AccessRole, _ change: AccountChange) async throws {
      _ = try await plane.changeAccount(caller, try id(role), change)
    }
  }

  private static let actions: [String: @Sendable (Stage) async throws -> Void] = [
    "see the tenant": { _ = try await $0.plane.tenant($0.caller, $0.tenant) },
    "create a tenant": {
      let id = $0.plane.secrets.newID()
      _ = try await $0.plane.createTenant($0.caller, id: id, name: "new")
    },
    "rename the tenant": { _ = try await $0.plane.renameTenant($0.caller, $0.tenant, to: "new") },
    "delete the tenant": { stage in
      // It is not empty, so what may be done ends with that.
      do throws(Refusal) {
        try await stage.plane.deleteTenant(stage.caller, stage.tenant)
      } catch { if error.code != .conflict { throw error } }
    },
    "create a site administrator": { try await $0.create(.siteAdministrator) },
    "create support": { try await $0.create(.customerSupport) },
    "create an owner": { try await $0.create(.tenantOwner) },
    "create an installer": { try await $0.create(.agentInstaller) },
    "create an auditor": { try await $0.create(.auditor) },
    "see an installer": { _ = try await $0.plane.account($0.caller, try $0.id(.agentInstaller)) },
    "see an owner": { _ = try await $0.plane.account($0.caller, try $0.id(.tenantOwner)) },
    "see a site administrator": {
      _ = try await $0.plane.account($0.caller, try $0.id(.siteAdministrator))
    },
    "disable an installer": {
      try await $0.change(.agentInstaller, AccountChange(isDisabled: true))
    },
    "disable an auditor": { try await $0.change(.auditor, AccountChange(isDisabled: true)) },
    "disable an owner": { try await $0.change(.tenantOwner, AccountChange(isDisabled: true)) },
    "disable support": { try await $0.change(.customerSupport, AccountChange(isDisabled: true)) },
    "disable a site administrator": {
      try await $0.change(.siteAdministrator, AccountChange(isDisabled: true))
    },
    "promote an installer": {
      try await $0.change(.agentInstaller, AccountChange(role: .tenantOwner))
    },
    "move to another tenant": {
      try await $0.change(.agentInstaller, AccountChange(tenants: [$0.otherTenant]))
    },
    "renew a client's secret": {
      _ = try await $0.plane.renewSecret($0.caller, try $0.id(.agentInstaller))
    },
    "delete an installer": {
      try await $0.plane.deleteAccount($0.caller, try $0.id(.agentInstaller))
    },
    "delete an owner": { try await $0.plane.deleteAccount($0.caller, try $0.id(.tenantOwner)) },
    "list accounts": {
      _ = try await $0.plane.accounts($0.caller, kind: nil, PageRequest())
    },
    "read the audit log": {
      _ = try await $0.plane.audit($0.caller, AuditFilter(tenant: $0.tenant), PageRequest())
    },
    "create a registration token": {
      _ = try await $0.plane.createRegistrationTokens(
        $0.caller, [RegistrationRequest(tenant: $0.tenant)])
    },
    "review registration tokens": {
      let request = RegistrationRequest(tenant: $0.tenant)
      let reviewed = try await $0.plane.review($0.caller, [request])
      if let refusal = reviewed[0].refusal { throw refusal }
    },
    "see a registration token": {
      _ = try await $0.plane.registrationToken($0.caller, $0.token.id)
    },
    "reveal a registration token": { _ = try await $0.plane.reveal($0.caller, [$0.token.id]) },
    "revoke a registration token": {
      try await $0.plane.revokeRegistrationTokens($0.caller, [$0.token.id])
    },
    "delete a registration token": {
      try await $0.plane.deleteRegistrationTokens($0.caller, [$0.token.id], force: true)
    },
  ]

  @Test(arguments: [false, true])
  func isAsTheContractHasIt(inAnotherTenant isForeign: Bool) async throws {
    let office = try await Office.open()
    let rows = Self.table.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(Set(rows.map { $0.dropLast(2).joined(separator: " ") }) == Set(Self.actions.keys))
    var standing: Stage?
    for row in rows {
      let name = row.dropLast(2).joined(separator: " ")
      let action = try #require(Self.actions[name])
      let verdicts = row[row.count - (isForeign ? 1 : 2)]
      #expect(verdicts.count == Self.roles.count)
      for (letter, (role, isForAll)) in zip(verdicts, Self.roles) {
        let verdict = try #require(Verdict(rawValue: letter))
        let caller = try await office.caller(role, isForAll ? nil : ["retail"])
        var stage =
          if let standing { standing } else {
            try await stage(office, caller, tenant: isForeign ? "bank" : "retail")
          }
        stage.caller = caller
        let before = try await office.audited().count
        let refusal = try await refusalCode { try await action(stage) }
        let expected: Refusal.Code? =
          switch verdict {
          case .yes: nil
          case .no: .forbidden
          case .hidden: .notFound
          }
        #expect(refusal == expected, "\(role.rawValue), for all: \(isForAll): \(name)")
        // What was refused left everything as it was.
        if verdict != .yes { #expect(try await office.audited().count == before) }
        standing = verdict == .yes ? nil : stage
      }
    }
  }

  @Test func whatIsHiddenIsLikeWhatIsNotThere() async throws {
    let office = try await Office.open()
    for role in [AccessRole.tenantOwner, .agentInstaller, .customerSupport, .auditor] {
      let caller = try await office.caller(role, ["retail"])
      let hidden = try await stage(office, caller, tenant: "bank")
      let tokenRefusal = await #expect(throws: Refusal.self) {
        _ = try await office.plane.registrationToken(caller, hidden.token.id)
      }
      let nothing = await #expect(throws: Refusal.self) {
        _ = try await office.plane.registrationToken(caller, "nothing")
      }
      #expect(tokenRefusal?.message.replacing(hidden.token.id, with: "nothing") == nothing?.message)
      #expect(tokenRefusal?.hint == nothing?.hint)
      let tenantRefusal = await #expect(throws: Refusal.self) {
        _ = try await office.plane.tenant(caller, "bank")
      }
      let nowhere = await #expect(throws: Refusal.self) {
        _ = try await office.plane.tenant(caller, "nowhere")
      }
      #expect(tenantRefusal?.message.replacing("bank", with: "nowhere") == nowhere?.message)
      #expect(
        try await office.plane.tenants(caller, PageRequest()).items.map(\.id) == ["retail"])
      #expect(
        try await office.plane.registrationTokens(
          caller, RegistrationTokenFilter(), PageRequest()
        ).items.isEmpty)
    }
  }

  @Test func agentInstallersHaveTheirOwn() async throws {
    let office = try await Office.open()
    let plane = office.plane
    let installer = try await office.caller(.agentInstaller, ["retail"])
    let other = try await office.caller(.agentInstaller, ["retail"])
    let made = try await plane.createRegistrationTokens(
      installer, [RegistrationRequest(tenant: "retail")])
    let id = made[0].token.id
    #expect(try await plane.reveal(installer, [id]).map(\.text) == made.map(\.text))
    #expect(try await refusalCode { _ = try await plane.reveal(other, [id]) } == .notFound)
    let listed = try await plane.registrationTokens(
      installer, RegistrationTokenFilter(), PageRequest()
    ).items
    #expect(listed.map(\.id) == [id])
    let othersList = try await plane.registrationTokens(
      other, RegistrationTokenFilter(), PageRequest()
    ).items
    #expect(othersList.isEmpty)
    // Nor after they were made something else.
    var account = installer.account
    account.role = .auditor
    #expect(
      try await refusalCode {
        _ = try await plane.reveal(Caller(account: account, source: "x"), [id])
      } == .forbidden)
    account = installer.account
    account.tenants = ["bank"]
    #expect(
      try await refusalCode {
        _ = try await plane.reveal(Caller(account: account, source: "x"), [id])
      } == .notFound)
    try await plane.deleteRegistrationTokens(installer, [id], force: true)
  }

  private func stage(
    _ office: Office, _ caller: Caller, tenant: String
  ) async throws -> Stage {
    var accounts: [AccessRole: Account] = [:]
    for role in AccessRole.allCases {
      accounts[role] = try await office.account(
        role, role == .siteAdministrator ? nil : [tenant], kind: .client)
    }
    let maker = Caller(account: try #require(accounts[.siteAdministrator]), source: "192.0.2.2")
    let token = try await office.plane.createRegistrationTokens(
      maker, [RegistrationRequest(tenant: tenant)])[0].token
    return Stage(
      plane: office.plane, caller: caller, tenant: tenant,
      otherTenant: tenant == "bank" ? "retail" : "bank", token: token, accounts: accounts)
  }
}
