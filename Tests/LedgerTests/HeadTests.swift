import JSON
import Linux
import Testing

@testable import Ledger

/// The head of each record, over all lines before it, and what is known of a ledger elsewhere.
@Suite struct HeadTests {
  /// The heads that the lines of a file should have.
  private func heads(_ lines: [String]) -> [String] {
    var tree = MerkleTree()
    return lines.map { line in
      let head = tree.rootText
      tree.append(Array(line.utf8))
      return head
    }
  }

  private func written(_ lines: [String]) -> [String?] {
    lines.map { try? JSON.parse(Array($0.utf8))["head"]?.string }
  }

  private func text(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

  @Test func eachRecordHasTheRootOverAllBefore() throws {
    let place = try Place()
    for _ in 0..<3 {
      let ledger = try place.open().ledger
      for number in 1...20 { try ledger.append(event("e\(number)")) }
    }
    let lines = try place.lines()
    #expect(written(lines) == heads(lines))
    var tree = MerkleTree()
    for line in lines { tree.append(Array(line.utf8)) }
    let head = LedgerHead(sequence: 60, size: 60, root: tree.rootText)
    #expect(try place.open().ledger.head == head)
    #expect(try place.open().ledger.head.root != heads(lines)[59])
  }

  @Test func itGoesOnOverWhatOthersDid() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(event())
    try shell("printf 'planted\\n\\nplanted' >>'\(place.path)'")
    try ledger.append(event())
    try ledger.append(event())
    try shell("head -c 100000 /dev/zero | tr '\\0' x >>'\(place.path)'")
    try shell("head -c 100000 /dev/zero | tr '\\0' x >>'\(place.path)'; echo >>'\(place.path)'")
    try ledger.append(event())
    let size = try place.bytes().count
    try ledger.append(event())
    try shell("truncate -s \(size + 20) '\(place.path)'")
    try ledger.append(event())
    try ledger.append(event())

    let text = try place.bytes()
    let lines = text.split(separator: 10, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
    #expect(lines.count == 11)
    let written = written(lines)
    for (index, head) in heads(lines).enumerated() where written[index] != nil {
      #expect(written[index] == head)
    }
    #expect(written.compactMap(\.self).count == 6)
    #expect(try place.open().ledger.head.root == ledger.head.root)
  }

  @Test func aLineThatIsNotEndedStaysWhenARecordFails() throws {
    let disk = FakeDisk()
    let ledger = try Ledger.open(disk, now: noon).ledger
    try ledger.append(event())
    disk.bytes += Array("planted".utf8)
    disk.writeError = 5
    #expect(throws: LedgerError.self) { try ledger.append(event()) }
    disk.writeError = nil
    try ledger.append(event())
    let lines = String(decoding: disk.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines.count == 3)
    #expect(lines[1] == "planted")
    #expect(written(lines)[2] == heads(lines)[2])
  }

  // MARK: What is known elsewhere

  private func ledgerOfFive() throws -> (Place, [String], LedgerHead) {
    let place = try Place()
    let ledger = try place.open().ledger
    for jti in ["a", "b", "c", "d", "e"] { try ledger.append(intent(jti)) }
    return (place, try place.lines(), ledger.head)
  }

  @Test func whatIsKnownIsThereAgain() throws {
    let (place, _, head) = try ledgerOfFive()
    let opened = try Ledger.open(directory: place.directory, now: noon, known: head)
    #expect(opened.divergence == nil)
    try opened.ledger.append(event())
    // An older head is as good.
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: head).divergence == nil)
    let empty = LedgerHead(sequence: 0, size: 0, root: MerkleTree().rootText)
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: empty).divergence == nil)
  }

  @Test(arguments: 0..<5)
  func anEditAnywhereIsNoticed(index: Int) throws {
    var (place, lines, head) = try ledgerOfFive()
    lines[index] = lines[index].replacing("/usr/bin/x", with: "/usr/bin/y")
    try place.write(text(lines))
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: head).divergence == .edited(5))
  }

  @Test func aLedgerThatWasWrittenAnewIsNoticed() throws {
    let (place, _, head) = try ledgerOfFive()
    try Files.remove(place.path)
    let ledger = try place.open().ledger
    for jti in ["a", "b", "x", "d", "e", "f"] { try ledger.append(intent(jti)) }
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: head).divergence == .edited(5))
  }

  @Test(arguments: 0..<5)
  func oneThatWasCutOffIsNoticedAndNumbersGoOn(left: Int) throws {
    let (place, lines, head) = try ledgerOfFive()
    try place.write(text(Array(lines.prefix(left))))
    let opened = try Ledger.open(directory: place.directory, now: noon, known: head)
    #expect(opened.divergence == .shorter(known: 5, found: Int64(left)))
    #expect(try opened.ledger.append(event()) == 6)
  }

  @Test func whatWasSpentElsewhereStaysSpent() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    ledger.adopt([SpentToken(issuer: "eu", jti: "x", at: noon, record: 9, expires: noon + 900)])
    #expect(ledger.spent["eu", "x"]?.record == 9)
  }

  @Test func theLastFloorsAreKept() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    #expect(ledger.floor == nil)
    var stamped = event()
    stamped.floor = LedgerFloor(soft: 20, hard: 10)
    try ledger.append(stamped)
    try ledger.append(event())
    #expect(ledger.floor == stamped.floor)
    #expect(try place.open().ledger.floor == stamped.floor)
  }
}
