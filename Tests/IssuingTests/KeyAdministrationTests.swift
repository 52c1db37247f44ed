import AgentToken
import Issuing
import Linux
import Testing

@Suite struct KeyAdministrationTests {
  @Test func everyChangeIsASuccessorThatHostsTake() throws {
    let workshop = try Workshop()
    let issuer = workshop.issuer()
    var host = try issuer.create(cluster: "eu-prod", passphrase: nil)
    let changes: [() throws -> Void] = [
      { _ = try issuer.addKey(KeyRequest(role: .tenantOwner, tenants: ["a", "b"])) },
      { _ = try issuer.addKey(KeyRequest(role: .cluster, loosens: true, kid: "online")) },
      { _ = try issuer.revokeKey("site-admin-1") },
      { _ = try issuer.addKey(KeyRequest(role: .siteAdmin, notAfter: 1_800_000_000)) },
      { _ = try issuer.revokeToken("0123456789abcdef") },
      { _ = try issuer.addRoot() },
      { _ = try issuer.retireRoot("root-1") },
      { _ = try issuer.revokeKey("online") },
    ]
    for (index, change) in changes.enumerated() {
      try change()
      let jws = Array(try issuer.bundle().jws.utf8)
      guard case .newer(let next) = try host.successor(jws: jws, scheme: Libsodium()) else {
        Issue.record("change \(index) is no news")
        return
      }
      #expect(next.sequence == Int64(index) + 2)
      host = next
    }
    #expect(
      host.keys.map(\.kid)
        == ["customer-support-1", "agent-installer-1", "tenant-owner-1", "site-admin-2"])
    #expect(host.keys[2].tenants == ["a", "b"])
    #expect(host.keys[3].notAfter == 1_800_000_000)
    #expect(host.revoked.kids == ["site-admin-1", "online"])
    #expect(host.revoked.jtis == ["0123456789abcdef"])
    #expect(host.roots.map(\.kid) == ["root-2"])
  }

  @Test func aRevokedKeyIsGoneAndItsTokensAreRefused() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let token = try issuer.issue(TokenRequest(scope: .cluster))
    let change = try issuer.revokeKey("site-admin-1")
    #expect(change.changed)
    #expect(!Files.exists(workshop.directory + "/keys/site-admin-1.jwk"))
    let bundle = try workshop.enrolled()
    #expect(refusal { _ = try judge(token.text, bundle) }?.code == .keyRevoked)
    #expect(
      refusal { _ = try issuer.issue(TokenRequest(scope: .cluster)) }?.code == .keyUnavailable)
    let before = try workshop.snapshot()
    #expect(try !issuer.revokeKey("site-admin-1").changed)
    #expect(try workshop.snapshot() == before)
  }

  @Test func anIDIsNeverUsedAgain() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.revokeKey("site-admin-1")
    #expect(try issuer.addKey(KeyRequest(role: .siteAdmin)).kid == "site-admin-2")
    for kid in ["site-admin-1", "site-admin-2", "root-1"] {
      let request = KeyRequest(role: .siteAdmin, kid: kid)
      #expect(refusal { _ = try issuer.addKey(request) }?.code == .keyExists)
    }
  }

  @Test(arguments: [
    KeyRequest(role: .tenantOwner),
    KeyRequest(role: .cluster, tenants: ["retail"]),
    KeyRequest(role: .release, tenants: ["retail"]),
    KeyRequest(role: .siteAdmin, loosens: true),
    KeyRequest(role: .siteAdmin, tenants: ["a", "a"]),
    KeyRequest(role: .siteAdmin, tenants: [""]),
    KeyRequest(role: .siteAdmin, notAfter: Workshop.noon),
    KeyRequest(role: .siteAdmin, kid: ""),
    KeyRequest(role: .siteAdmin, kid: "../root-1"),
    KeyRequest(role: .siteAdmin, kid: ".hidden"),
    KeyRequest(role: .siteAdmin, kid: String(repeating: "k", count: 65)),
  ])
  func whatNoBundleMayListIsRefusedAndChangesNothing(request: KeyRequest) throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    #expect(refusal { _ = try workshop.issuer().addKey(request) }?.code == .invalid)
    #expect(try workshop.snapshot() == before)
  }

  @Test func onlyListedSigningKeysCanBeRevoked() throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    let issuer = workshop.issuer()
    #expect(refusal { _ = try issuer.revokeKey("nobody") }?.code == .unknownKey)
    #expect(refusal { _ = try issuer.revokeKey("root-1") }?.code == .invalid)
    #expect(try workshop.snapshot() == before)
  }

  @Test func theListNamesEveryKeyAndWhereItsPrivatePartIs() throws {
    let workshop = try Workshop.equipped()
    try Files.remove(workshop.directory + "/keys/cluster-1.jwk")
    let (bundle, keys) = try workshop.issuer().listKeys()
    #expect(bundle.sequence == 4)
    #expect(
      keys.map(\.kid) == [
        "root-1", "site-admin-1", "customer-support-1", "agent-installer-1", "tenant-owner-1",
        "cluster-1", "release-1",
      ])
    #expect(keys.filter(\.signsBundles).map(\.kid) == ["root-1"])
    #expect(keys.filter { $0.privatePart == .absent }.map(\.kid) == ["cluster-1"])
    #expect(keys.first { $0.role == .tenantOwner }?.tenants == ["retail"])
  }

  @Test func aRootKeptElsewhereLeavesTheSigningKeysUsable() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let path = workshop.directory + "/keys/root-1.jwk"
    let publicPart = try Files.text(path).replacing(/,"d":"[^"]*"/, with: "")
    try Files.writeAtomically(path, Array(publicPart.utf8), mode: 0o600)
    _ = try issuer.issue(TokenRequest(scope: .cluster))
    let before = try workshop.snapshot()
    #expect(refusal { _ = try issuer.revokeKey("site-admin-1") }?.code == .keyUnavailable)
    #expect(try workshop.snapshot() == before)
  }
}
