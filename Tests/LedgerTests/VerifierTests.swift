import JSON
import Linux
import Testing

@testable import Ledger

/// What `holdfast log verify` finds.
@Suite struct VerifierTests {
  private func text(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

  /// A ledger of so many records, its lines and where it stands.
  private func ledger(_ count: Int) throws -> (Place, [String], KnownHead) {
    let place = try Place()
    let ledger = try place.open().ledger
    for number in 1...count { try ledger.append(intent("jti-\(number)")) }
    let head = KnownHead(size: ledger.head.size, root: ledger.head.root, source: "a test")
    return (place, try place.lines(), head)
  }

  private func verify(
    _ place: Place, _ lines: [String]? = nil, known: [KnownHead] = []
  ) throws -> LedgerVerifier.Report {
    if let lines { try place.write(text(lines)) }
    return try LedgerText(directory: place.directory).verify(known: known)
  }

  /// The kind of the fault and its record's number.
  private func found(
    _ place: Place, _ lines: [String], known: [KnownHead] = []
  ) throws -> String? {
    try verify(place, lines, known: known).fault.map { "\($0.kind.rawValue) \($0.record)" }
  }

  @Test func aWholeLedgerIsWhole() throws {
    let (place, lines, head) = try ledger(20)
    let report = try verify(place, known: [head])
    #expect(report.fault == nil)
    #expect((report.first, report.last, report.lines, report.size) == (1, 20, 20, 20))
    #expect(report.root == head.root)
    #expect(report.confirmed == [head])
    #expect(try found(place, []) == nil)
    #expect(try found(place, Array(lines.prefix(1))) == nil)
  }

  @Test(arguments: 1...7)
  func anEditedRecordIsNamed(number: Int) throws {
    var (place, lines, head) = try ledger(8)
    lines[number - 1] = lines[number - 1].replacing("/usr/bin/x", with: "/usr/bin/y")
    #expect(try found(place, lines) == "edited \(number)")
    #expect(try found(place, lines, known: [head]) == "edited \(number)")
  }

  @Test func theLastRecordIsWatchedByWhatIsKnown() throws {
    var (place, lines, head) = try ledger(8)
    lines[7] = lines[7].replacing("/usr/bin/x", with: "/usr/bin/y")
    #expect(try found(place, lines) == nil)
    #expect(try found(place, lines, known: [head]) == "edited 8")
  }

  @Test(arguments: 1...7)
  func aRemovedRecordIsNamed(number: Int) throws {
    var (place, lines, _) = try ledger(8)
    lines.remove(at: number - 1)
    #expect(try found(place, lines) == "removed \(number)")
  }

  @Test func severalRemovedRecordsAreNamedByTheFirst() throws {
    var (place, lines, _) = try ledger(8)
    lines.removeSubrange(2..<5)
    let fault = try #require(try verify(place, lines).fault)
    #expect((fault.kind, fault.record, fault.line, fault.file) == (.removed, 3, 3, "ledger.jsonl"))
    #expect(fault.description.contains("3 to 5"))
  }

  @Test(arguments: [(0, 1), (1, 2), (2, 6), (0, 7), (6, 7)])
  func swappedRecordsAreNamed(one: Int, other: Int) throws {
    var (place, lines, _) = try ledger(8)
    lines.swapAt(one, other)
    #expect(try found(place, lines) == "swapped \(one + 1)")
  }

  @Test func aRepeatedRecordIsNamed() throws {
    var (place, lines, _) = try ledger(8)
    lines.insert(lines[2], at: 3)
    #expect(try found(place, lines) == "repeated 3")
  }

  @Test(arguments: 0...7)
  func anEndThatWasCutOffIsNamed(left: Int) throws {
    let (place, lines, head) = try ledger(8)
    let rest = Array(lines.prefix(left))
    #expect(try found(place, rest) == nil, "nothing on this host tells")
    #expect(try found(place, rest, known: [head]) == "truncated \(left + 1)")
  }

  @Test func aTornRecordIsNamed() throws {
    let (place, lines, _) = try ledger(8)
    try place.write(Array(text(lines).dropLast(20)))
    let report = try verify(place)
    #expect((report.fault?.kind, report.fault?.record) == (.truncated, 8))
    #expect(report.last == 7)
  }

  @Test(arguments: ["", "garbage", "{}", String(repeating: "x", count: 300_000)])
  func whatIsNoRecordIsNamed(line: String) throws {
    var (place, lines, _) = try ledger(8)
    lines[3] = line
    #expect(try found(place, lines) == "edited 4")
  }

  @Test func aChangedNumberIsNamed() throws {
    for (number, seq) in [(4, 9), (4, 2), (8, 9), (1, 3)] {
      var (place, lines, _) = try ledger(8)
      lines[number - 1] = lines[number - 1].replacing(
        "{\"seq\":\(number),", with: "{\"seq\":\(seq),")
      #expect(
        try found(place, lines) == (number == 8 ? "removed 8" : "edited \(number)"), "\(number)")
    }
  }

  @Test func aHeadThatWasTakenOutIsNamed() throws {
    var (place, lines, _) = try ledger(8)
    let end = try #require(lines[4].ranges(of: ",\"head\"").first)
    lines[4] = String(lines[4][..<end.lowerBound]) + "}"
    #expect(try found(place, lines) == "edited 4")
  }

  /// Versions before this one left the member null.
  @Test func recordsFromBeforeThereWereHeadsAreCovered() throws {
    let place = try Place()
    let old = (1...4).map { #"{"seq":\#($0),"time":1,"event":"e","head":null}"# }
    try place.write(text(old))
    let ledger = try place.open().ledger
    for _ in 0..<4 { try ledger.append(event()) }
    let report = try verify(place)
    #expect(report.fault == nil)
    #expect(report.headless == 4)
    var lines = try place.lines()
    // Only the first head tells, of all before it.
    lines[1] = lines[1].replacing(#""time":1"#, with: #""time":2"#)
    #expect(try found(place, lines) == "edited 4")
  }

  /// Whoever writes all of it anew makes every head fit.
  @Test func aLedgerThatWasWrittenAnewIsFoundByWhatIsKnown() throws {
    let (_, _, head) = try ledger(8)
    let forged = try Place()
    let ledger = try forged.open().ledger
    for number in 1...9 { try ledger.append(intent(number == 3 ? "other" : "jti-\(number)")) }
    #expect(try verify(forged).fault == nil)
    let fault = try #require(try verify(forged, known: [head]).fault)
    #expect((fault.kind, fault.record) == (.edited, 8))
  }

  @Test func recordsThatWereLostBeforeAStartAreNamed() throws {
    let (place, lines, head) = try ledger(8)
    try place.write(text(Array(lines.prefix(5))))
    let known = LedgerHead(sequence: 8, size: head.size, root: head.root)
    let opened = try Ledger.open(directory: place.directory, now: noon, known: known)
    for _ in 0..<3 { try opened.ledger.append(event()) }
    let report = try verify(place)
    #expect((report.fault?.kind, report.fault?.record) == (.removed, 6))
  }

  /// Every single change of one byte is found, whatever it is.
  @Test func noByteCanBeChanged() throws {
    let (place, lines, head) = try ledger(6)
    let bytes = text(lines)
    for _ in 0..<300 {
      var changed = bytes
      let index = Int.random(in: changed.indices)
      let byte = UInt8.random(in: 0...255)
      guard byte != changed[index] else { continue }
      changed[index] = byte
      try place.write(changed)
      let report = try verify(place, known: [head])
      #expect(report.fault != nil, "byte \(index) is \(byte)")
    }
  }
}
