import Ledger
import Linux
import Testing

@testable import Agent

/// Two copies of the state, their seals and this boot's witness.
@Suite struct StateVaultTests {
  /// Two places in a directory that is gone after the test.
  final class Host {
    let root: String
    var first: String { root + "/var" }
    var second: String { root + "/etc" }

    init() throws {
      root = "/tmp/holdfast-vault-\(Hex.encode(Random.bytes(8)))"
      try Files.makeDirectory(root, mode: 0o700)
    }

    deinit { try? Files.removeTree(root) }

    func open(_ witness: Witness = Witness([])) -> StateVault {
      StateVault(primary: first, secondary: second, witness: witness)
    }

    /// As root does it who knows of flags.
    func tamper(_ path: String, _ bytes: [UInt8]?) throws {
      try? InodeFlags.setImmutable(Files.directory(of: path), false)
      try Files.removeTree(path)
      if let bytes { try Files.writeAtomically(path, bytes) }
    }

    /// Puts one place back as it was when `copy` was made.
    func putBack(_ place: String, from copy: String) throws {
      try Files.removeTree(place)
      try Self.copy(copy, to: place)
    }

    static func copy(_ from: String, to: String) throws {
      try Files.makeDirectory(to, mode: 0o700)
      for name in try Files.list(from) {
        if Files.isDirectory("\(from)/\(name)") {
          try copy("\(from)/\(name)", to: "\(to)/\(name)")
        } else {
          try Files.writeAtomically("\(to)/\(name)", try Files.read("\(from)/\(name)"))
        }
      }
    }
  }

  static let guardFile = "guards/a.service.json"

  private func written(_ host: Host, witness: Witness = Witness([])) throws -> StateVault {
    let vault = host.open(witness)
    try vault.write("trust.json", Array("trust 1".utf8))
    try vault.write(Self.guardFile, Array("guard 1".utf8))
    return vault
  }

  /// What a later start of the daemon in the same boot finds with PID 1.
  private func later(_ witness: Witness) throws -> Witness {
    Witness([("witness-a", try #require(witness.descriptor))])
  }

  private func isAlarm(_ finding: StateVault.Finding) -> Bool {
    if case .alarm = finding { true } else { false }
  }

  @Test func aNewHostHasNothing() throws {
    let host = try Host()
    let vault = host.open()
    #expect(vault.isEmpty && vault.findings.isEmpty)
    #expect(try Files.list(host.root) == [])
  }

  @Test func bothPlacesHoldWhatIsWritten() throws {
    let host = try Host()
    _ = try written(host)
    for place in [host.first, host.second] {
      #expect(try Files.text("\(place)/trust.json") == "trust 1")
      #expect(try Files.text("\(place)/\(Self.guardFile)") == "guard 1")
    }
    let again = host.open()
    #expect(again.findings.isEmpty)
    #expect(again.seal.files.keys.sorted() == [Self.guardFile, "trust.json"])
  }

  @Test(arguments: [true, false], [nil, "somebody else's"] as [String?])
  func whatIsLostOrChangedIsMendedFromTheOther(inFirst: Bool, text: String?) throws {
    let host = try Host()
    _ = try written(host)
    let path = "\(inFirst ? host.first : host.second)/trust.json"
    try host.tamper(path, text.map { Array($0.utf8) })
    let vault = host.open()
    #expect(try Files.text(path) == "trust 1")
    #expect(!vault.findings.isEmpty && !vault.findings.contains(where: isAlarm))
    #expect(host.open().findings.isEmpty, "mended for good")
  }

  @Test(arguments: [true, false]) func aWholePlaceIsMadeAgain(first: Bool) throws {
    let host = try Host()
    _ = try written(host)
    try Files.removeTree(first ? host.first : host.second)
    let vault = host.open()
    #expect(vault.findings == [.mended("\(first ? host.first : host.second) was not there")])
    #expect(try Files.text("\(host.first)/\(Self.guardFile)") == "guard 1")
    #expect(try Files.text("\(host.second)/\(Self.guardFile)") == "guard 1")
  }

  @Test(arguments: [true, false]) func ofTwoCopiesTheNewerCounts(oldFirst: Bool) throws {
    let host = try Host()
    let vault = try written(host)
    try Host.copy(host.first, to: "\(host.root)/old")
    try vault.write("trust.json", Array("trust 2".utf8))
    try host.putBack(oldFirst ? host.first : host.second, from: "\(host.root)/old")
    let again = host.open()
    #expect(try Files.text("\(host.first)/trust.json") == "trust 2")
    #expect(try Files.text("\(host.second)/trust.json") == "trust 2")
    #expect(!again.findings.isEmpty && !again.findings.contains(where: isAlarm))
  }

  @Test func bothPutBackIsNoticedInTheSameBootAndSpentTokensStaySpent() throws {
    let host = try Host()
    let witness = Witness([])
    let vault = try written(host, witness: witness)
    try Host.copy(host.first, to: "\(host.root)/old")
    let token = SpentToken(issuer: "eu", jti: "one", at: 10, record: 7, expires: 20)
    let head = LedgerHead(sequence: 7, size: 6, root: "aa")
    try vault.note(token, head)
    try vault.write("trust.json", Array("trust 2".utf8))
    let generation = vault.seal.generation
    for place in [host.first, host.second] {
      try host.putBack(place, from: "\(host.root)/old")
    }
    let again = host.open(try later(witness))
    #expect(again.findings.contains(where: isAlarm))
    #expect(again.seal.spent == [token])
    #expect(again.seal.head == head)
    #expect(again.seal.generation > generation)
    #expect(try Files.text("\(host.first)/trust.json") == "trust 1", "nothing is made up")
  }

  @Test func bothEditedIsNoticedWithoutAWitnessToo() throws {
    let host = try Host()
    _ = try written(host)
    for place in [host.first, host.second] {
      try host.tamper("\(place)/trust.json", Array("mine".utf8))
    }
    #expect(host.open().findings.contains(where: isAlarm))
  }

  @Test func aForgedSealIsNoticedInTheSameBoot() throws {
    let host = try Host()
    let witness = Witness([])
    _ = try written(host, witness: witness)
    // Another daemon's worth of writing, which this boot's witness knows nothing of.
    try host.open().write("trust.json", Array("mine".utf8))
    #expect(host.open(try later(witness)).findings.contains(where: isAlarm))
  }

  @Test func aCrashLeavesTheOldOrTheNewStateAndNoAlarm() throws {
    let host = try Host()
    let witness = Witness([])
    let vault = try written(host, witness: witness)
    // Killed with the file written in the first place, and its seal not.
    var next = vault.seal
    next.generation += 1
    witness.expect(next)
    try vault.places[0].write("trust.json", Array("trust 2".utf8))
    let again = host.open(try later(witness))
    #expect(try Files.text("\(host.first)/trust.json") == "trust 1")
    #expect(!again.findings.contains(where: isAlarm))

    // Killed with the first place all written, and the second not.
    let after = Witness([])
    let third = host.open(after)
    next = third.seal
    next.generation += 1
    next.files["trust.json"] = SHA256Hash.hex(SHA256Hash.of(Array("trust 3".utf8)))
    after.expect(next)
    try third.places[0].write("trust.json", Array("trust 3".utf8))
    try third.places[0].write(next)
    let last = host.open(try later(after))
    #expect(try Files.text("\(host.second)/trust.json") == "trust 3")
    #expect(!last.findings.contains(where: isAlarm))
  }

  @Test func withoutTheSecondPlaceItGoesOnAndSaysSo() throws {
    let host = try Host()
    try Files.writeAtomically(host.second, Array("in the way".utf8))
    let vault = StateVault(
      primary: host.first, secondary: host.second + "/below", witness: Witness([]))
    try vault.write("trust.json", Array("trust 1".utf8))
    #expect(vault.problems.count == 1)
    try Files.remove(host.second)
    #expect(!vault.mend { _ in nil }.isEmpty)
    #expect(vault.problems.isEmpty)
    #expect(try Files.text("\(host.second)/below/trust.json") == "trust 1")
  }

  @Test func whatChangesWhileItRunsIsPutRightFromMindWhereBothAreGone() throws {
    let host = try Host()
    let vault = try written(host)
    #expect(vault.mend { _ in nil }.isEmpty)
    for place in [host.first, host.second] { try host.tamper("\(place)/trust.json", nil) }
    try host.tamper("\(host.first)/guards/evil.service.json", Array("evil".utf8))
    let mended = vault.mend { $0 == "trust.json" ? Array("trust 1".utf8) : nil }
    #expect(mended.count >= 3)
    #expect(try Files.text("\(host.second)/trust.json") == "trust 1")
    #expect(try Files.list("\(host.first)/guards") == ["a.service.json"])
    #expect(vault.mend { _ in nil }.isEmpty)
  }
}
