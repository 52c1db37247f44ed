import AgentToken
import Issuing
import Testing

/// The role × scope matrix of the contract.
@Suite struct TokenMatrixTests {
  static let allowed: [Role: Set<Scope>] = [
    .siteAdmin: [.cluster, .tenant],
    .customerSupport: [.tenant],
    .agentInstaller: [.agent],
    .tenantOwner: [.tenant],
    .cluster: [],
    .release: [],
  ]

  @Test(arguments: Role.allCases, Scope.allCases)
  func eachRoleIssuesItsScopesAndNoOther(role: Role, scope: Scope) throws {
    let workshop = try Workshop.equipped()
    var request = Self.request(scope)
    request.role = role
    let before = try workshop.snapshot()
    guard try #require(Self.allowed[role]).contains(scope) else {
      let refused = try #require(refusal { _ = try workshop.issuer().issue(request) })
      #expect(refused.code == .scopeNotAllowed)
      #expect(refused.message.contains(role.rawValue))
      for other in Scope.allCases where try #require(Self.allowed[role]).contains(other) {
        #expect(refused.message.contains(other.rawValue))
      }
      #expect(try workshop.snapshot() == before)
      return
    }
    let token = try workshop.issuer().issue(request)
    let judged = try judge(token.text, workshop.enrolled())
    #expect(judged == token.content)
    #expect(judged.role == role)
    #expect(judged.scope == scope)
    #expect(try workshop.snapshot() == before)
  }

  @Test(arguments: Scope.allCases)
  func theRoleWithTheFewestRightsSignsUnlessOneIsNamed(scope: Scope) throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    #expect(
      try issuer.issue(Self.request(scope)).content.role
        == [.cluster: .siteAdmin, .tenant: .customerSupport, .agent: .agentInstaller][scope])
  }

  @Test func aTenantTokenFallsBackToTheTenantsOwnerThenToTheSiteAdmin() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.revokeKey("customer-support-1")
    #expect(try issuer.issue(Self.request(.tenant)).content.role == .tenantOwner)
    var other = Self.request(.tenant)
    other.tenant = "acme"
    #expect(try issuer.issue(other).content.role == .siteAdmin)
  }

  @Test func anOwnerSignsForNoOtherTenant() throws {
    let workshop = try Workshop.equipped()
    var request = Self.request(.tenant)
    request.role = .tenantOwner
    request.tenant = "acme"
    let refused = refusal { _ = try workshop.issuer().issue(request) }
    #expect(refused?.code == .keyUnavailable)
    #expect(refused?.message.contains("tenant-owner-1 is for retail") == true)
  }

  @Test func aKeyBoundToTenantsSignsForThemAndNotForTheCluster() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.revokeKey("site-admin-1")
    _ = try issuer.addKey(KeyRequest(role: .siteAdmin, tenants: ["retail", "acme"]))
    var request = Self.request(.tenant)
    request.role = .siteAdmin
    #expect(try issuer.issue(request).content.kid == "site-admin-2")
    #expect(refusal { _ = try issuer.issue(Self.request(.cluster)) }?.code == .keyUnavailable)
  }

  static func request(_ scope: Scope) -> TokenRequest {
    TokenRequest(
      scope: scope, tenant: scope == .cluster ? nil : "retail",
      agent: scope == .agent ? "web-03" : nil)
  }
}
