import AgentToken
import Cluster
import Issuing
import Linux
import Testing

/// What a server makes of an empty directory, and what it finds there the next time.
@Suite struct ServerDirectoryTests {
  private static let surroundings = Surroundings(
    now: { 1_800_000_000 }, random: { Random.bytes($0) }, describe: { "\($0)" })

  private func withDirectory(_ body: (String) throws -> Void) throws {
    let path = "/tmp/holdfast-cluster-test.\(Hex.encode(Random.bytes(6)))"
    defer { try? Files.removeTree(path) }
    try body(path)
  }

  private func open(
    _ path: String, cluster: String? = nil
  ) throws -> (directory: ServerDirectory, newborn: ServerDirectory.Newborn?) {
    try ServerDirectory.open(path, cluster: cluster, surroundings: Self.surroundings)
  }

  @Test func aNewOneSaysItsPassphraseOnceAndSignsWithoutIt() throws {
    try withDirectory { path in
      let fingerprint: String
      do {
        let (directory, newborn) = try open(path, cluster: "eu-prod")
        #expect(newborn?.cluster == "eu-prod")
        #expect(newborn?.rootPassphrase.utf8.count == 23)
        fingerprint = directory.authority.fingerprint
        #expect(try directory.signer.rootLiesHere())
        let token = try directory.signer.token(TokenRequest(scope: .tenant, tenant: "retail"))
        #expect(token.content.tenant == "retail")
        let time = try directory.signer.time(agent: "web-1", nonce: "AAAAAAAAAAAAAAAAAAAAAA")
        #expect(time.content.issuedAt == 1_800_000_000)
      }
      let (directory, newborn) = try open(path)
      #expect(newborn == nil)
      #expect(directory.authority.fingerprint == fingerprint)
      #expect(try directory.signer.bundle().cluster == "eu-prod")
    }
  }

  @Test func theRootIsSealedAndNewKeysLieOpenAsTheOthersDo() throws {
    try withDirectory { path in
      let (directory, newborn) = try open(path)
      let issuer = directory.signer.issuer
      #expect(throws: Refusal.self) { try issuer.addKey(KeyRequest(role: .release)) }
      let passphrase = try Passphrase(Array(try #require(newborn).rootPassphrase.utf8))
      let change = try issuer.addKey(
        KeyRequest(role: .tenantOwner, tenants: ["retail"]), passphrase: passphrase)
      #expect(change.bundle.sequence == 2)
      let owned = try directory.signer.token(
        TokenRequest(scope: .tenant, role: .tenantOwner, tenant: "retail"))
      #expect(owned.content.role == .tenantOwner)
    }
  }

  @Test func twoServersDoNotShareOne() throws {
    try withDirectory { path in
      let (first, _) = try open(path)
      let refusal = #expect(throws: Refusal.self) { try open(path) }
      #expect(refusal?.code.rawValue == "directory_in_use")
      withExtendedLifetime(first) {}
    }
  }

  @Test func anInterruptedFirstStartBeginsAnew() throws {
    try withDirectory { path in
      _ = try open(path)
      try Files.remove("\(path)/seal.key")
      let (_, newborn) = try open(path)
      #expect(newborn != nil)
    }
  }

  @Test func keysThatAreGoneWhileThereIsADatabaseAreNotMadeAnew() throws {
    try withDirectory { path in
      _ = try open(path)
      try Files.remove("\(path)/seal.key")
      try Files.writeAtomically(ServerDirectory.databasePath(path), [1], mode: 0o600)
      let refusal = #expect(throws: Refusal.self) { try open(path) }
      #expect(refusal?.code == .issuerDamaged)
    }
  }

  @Test func anotherClustersDirectoryIsRefused() throws {
    try withDirectory { path in
      _ = try open(path, cluster: "eu-prod")
      #expect(throws: Refusal.self) { try open(path, cluster: "us-prod") }
    }
  }
}
