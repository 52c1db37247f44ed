import AgentToken
import Issuing
import Linux
import Testing

@Suite struct IssuerCreationTests {
  @Test func aNewIssuerHasARootAndThreeKeysInTheFirstBundle() throws {
    let workshop = try Workshop()
    _ = try workshop.issuer().create(cluster: "eu-prod", passphrase: nil)
    let bundle = try workshop.enrolled()
    #expect(bundle.cluster == "eu-prod")
    #expect(bundle.sequence == 1)
    #expect(bundle.issuedAt == Workshop.noon)
    #expect(bundle.roots.map(\.kid) == ["root-1"])
    #expect(bundle.keys.map(\.role) == [.siteAdmin, .customerSupport, .agentInstaller])
    #expect(bundle.keys.allSatisfy { $0.tenants == nil && $0.notAfter == nil })
    #expect(bundle.revoked == .none)
  }

  @Test func theClusterHasARandomIDUnlessOneIsGiven() throws {
    let workshop = try Workshop()
    let cluster = try workshop.issuer().create(cluster: nil, passphrase: nil).cluster
    #expect(cluster.wholeMatch(of: /cluster-[0-9a-f]{8}/) != nil)
  }

  @Test func onlyTheOwnerCanReadTheKeys() throws {
    let workshop = try Workshop.equipped()
    let keys = workshop.directory + "/keys"
    #expect(try Files.status(keys)?.mode == 0o700)
    let names = try Files.list(keys)
    #expect(names.count == 7)
    for name in names {
      #expect(try Files.status("\(keys)/\(name)")?.mode == 0o600)
    }
    #expect(try workshop.issuer().exposedKeys().isEmpty)
    try Files.chmod("\(keys)/root-1.jwk", 0o644)
    #expect(try workshop.issuer().exposedKeys() == ["\(keys)/root-1.jwk"])
  }

  @Test func aSecondOneIsRefusedAndChangesNothing() throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    let refused = refusal { _ = try workshop.issuer().create(cluster: "other", passphrase: nil) }
    #expect(refused?.code == .issuerExists)
    #expect(try workshop.snapshot() == before)
  }

  @Test(arguments: ["", "a b", "ä", String(repeating: "a", count: 129)])
  func aBadClusterIDIsRefusedAndChangesNothing(id: String) throws {
    let workshop = try Workshop()
    let before = try workshop.snapshot()
    #expect(
      refusal { _ = try workshop.issuer().create(cluster: id, passphrase: nil) }?.code == .invalid)
    #expect(try workshop.snapshot() == before)
  }

  @Test func aMissingIssuerIsSaidToBeMissing() throws {
    let workshop = try Workshop()
    let before = try workshop.snapshot()
    #expect(refusal { _ = try workshop.issuer().bundle() }?.code == .issuerMissing)
    #expect(
      refusal { _ = try workshop.issuer().addKey(KeyRequest(role: .siteAdmin)) }?.code
        == .issuerMissing)
    #expect(try workshop.snapshot() == before)
  }

  @Test func aChangedBundleIsNotBelieved() throws {
    let workshop = try Workshop.equipped()
    let path = workshop.directory + "/bundle.jws"
    var text = try Files.text(path)
    let place = text.index(text.startIndex, offsetBy: 200)
    text.replaceSubrange(place...place, with: text[place] == "A" ? "B" : "A")
    try Files.writeAtomically(path, Array(text.utf8))
    #expect(refusal { _ = try workshop.issuer().bundle() }?.code == .issuerDamaged)
  }
}
