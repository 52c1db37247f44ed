import AgentToken
import Issuing
import Linux
import Testing

@Suite(.serialized) struct PassphraseTests {
  @Test func sealedKeysSignWithTheirPassphraseOnly() throws {
    let workshop = try Workshop()
    let issuer = workshop.issuer()
    let right = try Passphrase(Array("correct horse\n".utf8))
    let wrong = try Passphrase(Array("correct horse ".utf8))
    _ = try issuer.create(cluster: "eu-prod", passphrase: right)
    #expect(try issuer.isSealed())
    for name in try Files.list(workshop.directory + "/keys") {
      let path = "\(workshop.directory)/keys/\(name)"
      #expect(try !Files.text(path).contains("\"d\""))
      #expect(try Files.status(path)?.mode == 0o600)
    }

    let request = TokenRequest(scope: .cluster)
    let token = try issuer.issue(request, passphrase: right)
    _ = try judge(token.text, workshop.enrolled())
    _ = try issuer.addKey(KeyRequest(role: .siteAdmin), passphrase: right)
    #expect(try issuer.listKeys().keys.allSatisfy { $0.privatePart == .sealed })

    let before = try workshop.snapshot()
    let added = KeyRequest(role: .siteAdmin)
    #expect(refusal { _ = try issuer.issue(request, passphrase: wrong) }?.code == .passphraseWrong)
    #expect(refusal { _ = try issuer.issue(request) }?.code == .passphraseRequired)
    #expect(refusal { _ = try issuer.addKey(added, passphrase: wrong) }?.code == .passphraseWrong)
    #expect(refusal { _ = try issuer.addKey(added) }?.code == .passphraseRequired)
    #expect(
      refusal { _ = try issuer.revokeKey("site-admin-1", passphrase: wrong) }?.code
        == .passphraseWrong)
    #expect(try workshop.snapshot() == before)
  }

  @Test func aPassphraseForOpenKeysIsRefused() throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    let issuer = workshop.issuer()
    let passphrase = try Passphrase(Array("x".utf8))
    #expect(try !issuer.isSealed())
    #expect(
      refusal { _ = try issuer.issue(TokenRequest(scope: .cluster), passphrase: passphrase) }?.code
        == .passphraseUnused)
    #expect(
      refusal { _ = try issuer.addKey(KeyRequest(role: .cluster), passphrase: passphrase) }?.code
        == .passphraseUnused)
    #expect(try workshop.snapshot() == before)
  }

  @Test func aPassphraseIsOneLineThatIsNotEmpty() throws {
    #expect(try Passphrase(Array("a\r\n".utf8)) == Passphrase(Array("a".utf8)))
    #expect(try Passphrase(Array("a\n\n".utf8)) != Passphrase(Array("a\n".utf8)))
    for text in ["", "\n", String(repeating: "a", count: 1025)] {
      #expect(refusal { _ = try Passphrase(Array(text.utf8)) }?.code == .invalid)
    }
  }

  @Test func aPassphraseIsReadFromAFile() throws {
    let workshop = try Workshop()
    let path = workshop.root + "/passphrase"
    try Files.writeAtomically(path, Array("geheim\n".utf8))
    #expect(try Passphrase.read(from: path) == Passphrase(Array("geheim".utf8)))
    #expect(refusal { _ = try Passphrase.read(from: path + "2") }?.code == .systemError)
    #expect(refusal { _ = try Passphrase.read(from: "/dev/zero") }?.code == .systemError)
  }
}
