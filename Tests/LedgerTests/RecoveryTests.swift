import JSON
import Linux
import Testing

@testable import Ledger

/// What a crash, a bad disk or an editor leaves behind.
@Suite struct RecoveryTests {
  /// A crash while the last record was being written: at every byte of it.
  @Test func aTornLastRecordIsCutOffWhereverItEnds() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(intent("a"))
    try ledger.append(result("a"))
    let whole = try place.bytes()
    try ledger.append(intent("b"))
    let all = try place.bytes()

    for end in whole.count...all.count {
      try place.write(Array(all[..<end]))
      let opened = try place.open()
      if end == all.count {
        #expect(opened.repaired == nil)
        #expect(opened.spent["eu-prod", "b"] != nil)
        #expect(try place.bytes() == all)
        continue
      }
      let repair = Ledger.Repair(
        line: 3, offset: Int64(whole.count), bytes: Int64(end - whole.count))
      #expect(opened.repaired == (end > whole.count ? repair : nil))
      #expect(opened.damaged == [])
      #expect(try place.bytes() == whole)
      #expect(opened.spent["eu-prod", "a"] == .init(at: noon, record: 1, expires: noon + 900))
      #expect(opened.spent["eu-prod", "b"] == nil)
      #expect(opened.ledger.nextSequence == 3)
      // It goes on as if the record had never been begun, and the reserve is back.
      #expect(try opened.ledger.append(intent("b")) == 3)
      #expect(try place.bytes() == all)
      #expect(opened.ledger.reserveAvailable)
    }
  }

  @Test func aFirstRecordCanBeTornToo() throws {
    let place = try Place()
    try place.write(Array("{\"seq\":1,".utf8))
    let opened = try place.open()
    #expect(opened.repaired == Ledger.Repair(line: 1, offset: 0, bytes: 9))
    #expect(opened.repaired?.description.contains("line 1 ") == true)
    #expect(opened.ledger.nextSequence == 1)
    #expect(try place.bytes() == [])
  }

  /// A record of each kind, by number.
  private func ledgerOfFive() throws -> (Place, [String]) {
    let place = try Place()
    let ledger = try place.open().ledger
    for jti in ["a", "b", "c", "d", "e"] { try ledger.append(intent(jti)) }
    return (place, try place.lines())
  }

  private func text(_ lines: [String]) -> [UInt8] {
    Array(lines.map { $0 + "\n" }.joined().utf8)
  }

  @Test(arguments: [
    "", "garbage", "{}", "{\"seq\":3}", "\0\0\0", "{\"seq\":3,\"time\":1,\"event\":\"x\"",
    String(repeating: "x", count: 300_000),
  ])
  func damagedLinesStayAreReportedAndPassedOver(line: String) throws {
    var (place, lines) = try ledgerOfFive()
    lines[2] = line
    try place.write(text(lines))
    let opened = try place.open()
    #expect(opened.repaired == nil)
    #expect(opened.damaged == [3])
    #expect(opened.spent.count == 4)
    #expect(opened.spent["eu-prod", "c"] == nil)
    #expect(opened.ledger.nextSequence == 6)
    #expect(try place.bytes() == text(lines))
    #expect(try opened.ledger.append(event()) == 6)
    #expect(try place.bytes().starts(with: text(lines)))
    #expect(
      try opened.ledger.records(since: 0, limit: 9).map { $0["seq"]?.integer } == [1, 2, 4, 5, 6])
  }

  @Test func bytesThatAreNoTextAreDamage() throws {
    let (place, lines) = try ledgerOfFive()
    var bytes = text(lines)
    let target = Array("b0a7".utf8)
    let place3 = text(Array(lines[..<2])).count
    let index = try #require(
      (place3..<bytes.count).first { bytes[$0...].starts(with: target) })
    bytes[index] = 0xFF
    try place.write(bytes)
    #expect(try place.open().damaged == [3])
  }

  @Test func damagedLastLinesTakeTheirNumberWithThem() throws {
    var (place, lines) = try ledgerOfFive()
    lines[4] = "garbage"
    try place.write(text(lines))
    let opened = try place.open()
    #expect(opened.damaged == [5])
    #expect(opened.ledger.nextSequence == 6)
  }

  @Test func removedDoubledAndSwappedLinesAreReported() throws {
    let (place, lines) = try ledgerOfFive()
    func damaged(_ order: [Int]) throws -> [Int64] {
      try place.write(text(order.map { lines[$0 - 1] }))
      let opened = try place.open()
      #expect(opened.ledger.nextSequence == 6)
      #expect(opened.spent.count == Set(order).count)
      return opened.damaged
    }
    #expect(try damaged([1, 2, 3, 4, 5]) == [])
    #expect(try damaged([2, 3, 4, 5]) == [1])
    #expect(try damaged([1, 2, 4, 5]) == [3])
    #expect(try damaged([1, 2, 2, 3, 4, 5]) == [3])
    #expect(try damaged([1, 3, 2, 4, 5]) == [2, 3])
    #expect(try damaged([5, 1, 2, 3, 4]) == [1, 2, 3, 4, 5])
  }

  @Test func theHighestNumberDoesNotOverflow() throws {
    let place = try Place()
    try place.write(Array("{\"seq\":\(Int64.max),\"time\":1,\"event\":\"x\"}\n".utf8))
    let opened = try place.open()
    #expect(opened.damaged == [1])
    #expect(try opened.ledger.append(event()) == 1)
  }

  @Test func thousandsOfDamagedLinesDoNotFillTheMemory() throws {
    let place = try Place()
    try place.write([UInt8](repeating: UInt8(ascii: "\n"), count: 100_000))
    #expect(try place.open().damaged == Array(1...1000))
  }

  @Test func randomBytesAreOpened() throws {
    let place = try Place()
    for _ in 0..<100 {
      let bytes = (0..<Int.random(in: 0..<500)).map { _ in
        Bool.random()
          ? UInt8.random(in: 0...255) : (Array("{}\":,1\n").randomElement()?.asciiValue ?? 0)
      }
      try place.write(bytes)
      let ledger = try place.open().ledger
      try ledger.append(intent("x"))
      #expect(try place.open().spent["eu-prod", "x"] != nil)
    }
  }
}
