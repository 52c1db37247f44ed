import JSON
import Linux
import Testing

@testable import Ledger

/// A ledger of several files.
@Suite struct SegmentTests {
  private func stamp(_ minutes: UInt64) -> LedgerEvent {
    event("tidy", boottime: minutes * 60_000_000)
  }

  private func files(_ place: Place) throws -> [String] {
    try Files.list(place.directory).sorted()
  }

  /// A ledger of so many files.
  private func ledger(
    files count: Int, limits: LedgerLimits = LedgerLimits(file: 1, all: 1 << 30)
  ) throws -> (Place, Ledger) {
    let place = try Place()
    let ledger = try place.open().ledger
    ledger.limits = limits
    for file in 1...count {
      if file > 1 { #expect(ledger.tidy(stamp(UInt64(file) * 100))) }
      while true {
        try ledger.append(intent("jti-\(file)-\(ledger.nextSequence)"))
        for _ in 0..<10 { try ledger.append(event()) }
        if try place.bytes().count > 20_000 { break }
      }
    }
    return (place, ledger)
  }

  private func numbers(_ ledger: Ledger, since: Int64, limit: Int = .max) throws -> [Int64] {
    try ledger.lines(since: since, limit: limit).map(\.sequence)
  }

  @Test func aLargeFileIsPutAwayAndNothingIsLost() throws {
    let (place, ledger) = try ledger(files: 4)
    let count = ledger.nextSequence - 1
    #expect(try files(place).count == 4)
    #expect(try files(place).last == "ledger.jsonl")
    #expect(try files(place)[0] == "ledger-000000000001.jsonl")
    let report = try LedgerText(directory: place.directory).verify(known: [
      KnownHead(size: ledger.head.size, root: ledger.head.root, source: "a test")
    ])
    #expect(report.fault == nil)
    #expect((report.first, report.last, report.size) == (1, count, ledger.head.size))
    #expect(report.confirmed.count == 1)
    #expect(try numbers(ledger, since: 0) == Array(1...count))
    for since in [2, 60, 61, 62, count / 2, count - 1, count] {
      #expect(try numbers(ledger, since: since, limit: 3) == Array((since...count).prefix(3)))
    }

    let again = try place.open()
    #expect(again.damaged == [])
    #expect(again.repaired == nil)
    #expect(again.ledger.head == ledger.head)
    #expect(again.ledger.nextSequence == ledger.nextSequence)
    #expect(try numbers(again.ledger, since: 0) == Array(1...count))
    #expect(again.spent == ledger.spent)
    #expect(again.spent["eu-prod", "jti-1-1"]?.record == 1)
    #expect(try again.ledger.append(event()) == count + 1)
    #expect(try LedgerText(directory: place.directory).verify().fault == nil)
  }

  @Test func whatIsKnownHoldsAcrossFiles() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    ledger.limits = LedgerLimits(file: 1, all: 1 << 30)
    for _ in 0..<5 { try ledger.append(event()) }
    let before = ledger.head
    #expect(ledger.tidy(stamp(1)))
    // Where it stood as the file was begun can be told from the file alone.
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: before).divergence == nil)
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: ledger.head).divergence == nil)
    let other = LedgerHead(sequence: 5, size: 5, root: MerkleTree().rootText)
    #expect(
      try Ledger.open(directory: place.directory, now: noon, known: other).divergence
        == .edited(5))
  }

  @Test func theOldestGoFirstAndSaySo() throws {
    let limits = LedgerLimits(file: 1, all: 50_000)
    let (place, ledger) = try ledger(files: 6, limits: limits)
    #expect(try files(place).count < 5)
    let report = try LedgerText(directory: place.directory).verify()
    #expect(report.fault == nil)
    let first = try #require(report.first)
    #expect(first > 1)
    #expect(report.last == ledger.nextSequence - 1)
    #expect(try numbers(ledger, since: 0).first == first)
    // However little is kept, tokens stay spent.
    #expect(try place.open().spent["eu-prod", "jti-1-1"]?.record == 1)
    #expect(try place.open().spent == ledger.spent)
    let old = KnownHead(size: 2, root: MerkleTree().rootText, source: "a test")
    #expect(try LedgerText(directory: place.directory).verify(known: [old]).older == [old])

    // One more that nobody accounted for.
    let oldest = try #require(try files(place).first)
    try Files.remove("\(place.directory)/\(oldest)")
    let fault = try LedgerText(directory: place.directory).verify().fault
    #expect((fault?.kind, fault?.record) == (.removed, first))
  }

  @Test func aFileFromTheMiddleIsMissed() throws {
    let (place, _) = try ledger(files: 4)
    let names = try files(place)
    let second = try #require(Int64(names[1].dropFirst(7).prefix(12)))
    try Files.remove("\(place.directory)/\(names[1])")
    let fault = try LedgerText(directory: place.directory).verify().fault
    #expect((fault?.kind, fault?.record) == (.removed, second))
  }

  @Test func anEditInAnOldFileIsFound() throws {
    let (place, _) = try ledger(files: 3)
    let path = "\(place.directory)/\(try files(place)[1])"
    var lines = try Files.text(path).split(separator: "\n").map(String.init)
    let sequence = try #require(try JSON.parse(Array(lines[20].utf8))["seq"]?.integer)
    lines[20] = lines[20].replacing("/usr/bin/x", with: "/usr/bin/y")
    try Files.writeAtomically(path, Array(lines.map { $0 + "\n" }.joined().utf8))
    let fault = try LedgerText(directory: place.directory).verify().fault
    #expect((fault?.kind, fault?.record) == (.edited, sequence))
  }

  /// The new file has the old one's place only once both are on the disk.
  @Test func aCrashLeavesTheOldFileOrBoth() throws {
    let (place, ledger) = try ledger(files: 1)
    let (head, next) = (ledger.head, ledger.nextSequence)
    // Before the rename: what was being written, and a second name.
    try Files.writeAtomically("\(place.directory)/.ledger.next", Array("{\"seq\":".utf8))
    try Files.link(place.path, at: "\(place.directory)/ledger-000000000001.jsonl")
    let opened = try place.open()
    #expect(opened.ledger.head == head)
    #expect(try numbers(opened.ledger, since: 0) == Array(1..<next))
    #expect(try LedgerText(directory: place.directory).verify().fault == nil)
    opened.ledger.limits = LedgerLimits(file: 1, all: 1 << 30)
    #expect(opened.ledger.tidy(stamp(1)))
    #expect(try numbers(opened.ledger, since: 0).count == Int(opened.ledger.nextSequence - 1))
    #expect(try LedgerText(directory: place.directory).verify().fault == nil)
  }

  @Test func withoutRoomItGoesOnInOneFile() throws {
    let disk = FakeDisk()
    let ledger = try Ledger.open(disk, now: noon).ledger
    ledger.limits = LedgerLimits(file: 1, all: 1 << 30)
    try ledger.append(intent("a"))
    #expect(!ledger.tidy(stamp(1)))
    try ledger.append(intent("b"))
    #expect(try Ledger.open(disk, now: noon).spent.count == 2)
  }

  @Test func aFileThatIsCutOffGoesOnFromItsBeginning() throws {
    let (place, ledger) = try ledger(files: 2)
    try shell("truncate -s -300 '\(place.path)'")
    try ledger.append(event())
    #expect(try place.open().ledger.head.root == ledger.head.root)
    let fault = try LedgerText(directory: place.directory).verify().fault
    #expect(fault?.kind == .edited || fault?.kind == .removed)
  }

  @Test func manyTokensAreCarriedInShortRecords() throws {
    let tokens = (1...500).map {
      SpentToken(
        issuer: String(repeating: "i", count: 128),
        jti: String(repeating: "j", count: 60) + "\($0)", at: noon, record: Int64($0),
        expires: $0.isMultiple(of: 2) ? nil : noon + 900)
    }
    var found: [SpentToken] = []
    for details in CarriedTokens.details(tokens) {
      var carrier = event("carried", details: details)
      carrier.peer = nil
      let line = LedgerRecord(sequence: 1, event: carrier, head: MerkleTree().rootText).line()
      #expect(line.count <= LedgerRecord.maxBytes)
      let json = try JSON.parse(Array(line.dropLast()))
      #expect(json["omitted"] == nil)
      found += CarriedTokens.read(json)
    }
    #expect(found == tokens)
  }
}
