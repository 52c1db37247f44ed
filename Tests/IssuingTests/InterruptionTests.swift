import AgentToken
import Dispatch
import Issuing
import Linux
import Synchronization
import Testing

/// What a crash leaves, and what happens when two change the same issuer.
@Suite struct InterruptionTests {
  @Test func aKeyFileThatNoBundleListsIsNothing() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let keys = workshop.directory + "/keys"
    let bundle = try Files.read(workshop.directory + "/bundle.jws")
    // A crash between the key and the bundle: the key is there, the old bundle too.
    _ = try issuer.addKey(KeyRequest(role: .siteAdmin))
    try Files.writeAtomically(workshop.directory + "/bundle.jws", bundle)
    #expect(Files.exists(keys + "/site-admin-2.jwk"))

    #expect(try issuer.bundle().sequence == 4)
    #expect(try issuer.issue(TokenRequest(scope: .cluster)).content.kid == "site-admin-1")
    let named = try issuer.addKey(KeyRequest(role: .siteAdmin, kid: "site-admin-2"))
    #expect(named.bundle.sequence == 5)
    #expect(try issuer.issue(TokenRequest(scope: .cluster)).content.kid == "site-admin-2")
    _ = try workshop.enrolled()
  }

  @Test func aRevocationIsRealOnceTheBundleIsThere() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let path = workshop.directory + "/keys/site-admin-1.jwk"
    let key = try Files.read(path)
    // A crash between the bundle and the removal of the key.
    _ = try issuer.revokeKey("site-admin-1")
    try Files.writeAtomically(path, key, mode: 0o600)
    #expect(
      refusal { _ = try issuer.issue(TokenRequest(scope: .cluster)) }?.code == .keyUnavailable)
    #expect(try issuer.addKey(KeyRequest(role: .siteAdmin)).kid == "site-admin-2")
  }

  @Test func aBundleKeptBeforeTheChangeFailedDoesNoHarm() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    let bundle = try Files.read(workshop.directory + "/bundle.jws")
    _ = try issuer.addRoot()
    let second = try Files.read(workshop.directory + "/bundle.jws")
    // A crash of the next change, after bundle 5 was kept and before 6 was in force.
    _ = try issuer.revokeKey("release-1")
    #expect(Files.exists(workshop.directory + "/bundles/5.jws"))
    try Files.writeAtomically(workshop.directory + "/bundle.jws", second)
    #expect(try issuer.chain(from: 0).map(\.sequence) == [1, 5])
    _ = try issuer.retireRoot("root-1")
    #expect(try issuer.chain(from: 0).map(\.sequence) == [1, 5, 6])
    #expect(bundle != second)
  }

  @Test func anUnfinishedInitStartsOver() throws {
    let workshop = try Workshop()
    let issuer = workshop.issuer()
    _ = try issuer.create(cluster: "first", passphrase: nil)
    let root = try issuer.root()
    try Files.remove(workshop.directory + "/bundle.jws")
    #expect(
      refusal { _ = try issuer.create(cluster: "second", passphrase: nil) }?.code == .issuerDamaged,
      "keys without a bundle may be all that is left of an issuer")
    #expect(refusal { _ = try issuer.bundle() }?.code == .issuerDamaged)

    try Files.writeAtomically(workshop.directory + "/unfinished", [UInt8]())
    #expect(try issuer.create(cluster: "second", passphrase: nil).cluster == "second")
    #expect(try issuer.root() != root)
    #expect(!Files.exists(workshop.directory + "/unfinished"))
  }

  @Test func changesAtTheSameTimeTakeTurns() throws {
    let workshop = try Workshop()
    _ = try workshop.issuer().create(cluster: "eu-prod", passphrase: nil)
    let kids = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      guard let change = try? workshop.issuer().addKey(KeyRequest(role: .release)) else { return }
      kids.withLock { $0.append(change.kid) }
    }
    #expect(Set(kids.withLock { $0 }).count == 16)
    let bundle = try workshop.enrolled()
    #expect(bundle.sequence == 17)
    #expect(bundle.keys.count { $0.role == .release } == 16)
  }
}
