import Foundation
import JSON
import Linux
import Testing

@testable import Ledger

@Suite struct LedgerTests {
  @Test func aNewLedgerIsEmptyAndPrivate() throws {
    let place = try Place()
    let opened = try place.open()
    #expect(opened.repaired == nil)
    #expect(opened.damaged == [])
    #expect(opened.spent.count == 0)
    #expect(opened.ledger.nextSequence == 1)
    #expect(try Files.status(place.directory)?.mode == 0o700)
    #expect(try Files.status(place.path)?.mode == 0o600)
    #expect(try place.bytes() == [])
    #expect(try opened.ledger.records(since: 0, limit: 10) == [])
  }

  @Test func modesAreMended() throws {
    let place = try Place()
    try place.write([])
    try Files.chmod(place.directory, 0o755)
    try Files.chmod(place.path, 0o644)
    _ = try place.open()
    #expect(try Files.status(place.directory)?.mode == 0o700)
    #expect(try Files.status(place.path)?.mode == 0o600)
  }

  @Test func recordsAreLinesAndSurvive() throws {
    let place = try Place()
    var ledger = try place.open().ledger
    #expect(try ledger.append(event("started")) == 1)
    #expect(try ledger.append(intent("a")) == 2)
    #expect(try ledger.append(result("a")) == 3)
    let before = try place.bytes()
    #expect(try place.lines().count == 3)

    ledger = try place.open().ledger
    #expect(try place.bytes() == before)
    #expect(try ledger.append(event("protect", phase: .result)) == 4)
    #expect(try place.bytes().starts(with: before))
    let records = try ledger.records(since: 0, limit: 100)
    #expect(records.map { $0["seq"]?.integer } == [1, 2, 3, 4])
    #expect(
      records.map { $0["event"]?.string } == ["started", "unprotect", "unprotect", "protect"])
  }

  @Test func theReserveIsOnTheDiskAndNotInTheFile() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try #require(ledger.reserveAvailable)
    try ledger.append(event())
    let file = try LedgerFile(directory: place.directory, name: "ledger.jsonl")
    #expect(try file.size() == place.bytes().count)
    #expect(try file.size() < 1000)
    // 1,000 unlocks, an intent and a result each, none longer than 4,096 bytes.
    #expect(try file.allocated() >= 1000 * 2 * 4096)
  }

  @Test func aTokenIsSpentFromItsIntentOn() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(event())
    #expect(ledger.spent["eu-prod", "a"] == nil)
    try ledger.append(intent("a"))
    let entry = SpentSet.Entry(at: noon, record: 2, expires: noon + 900)
    #expect(ledger.spent["eu-prod", "a"] == entry)
    #expect(ledger.spent["other", "a"] == nil)
    #expect(ledger.spent["eu-prod", "b"] == nil)
    // No result: the crash in between leaves it spent.
    #expect(try place.open().spent["eu-prod", "a"] == entry)
    // The first record stays the one.
    try ledger.append(intent("a", at: noon + 5))
    #expect(ledger.spent["eu-prod", "a"] == entry)
    #expect(try place.open().spent["eu-prod", "a"] == entry)
  }

  @Test func otherEventsSpendNothing() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(result("a"))
    try ledger.append(event("check", phase: .intent, iss: "eu-prod", jti: "a"))
    try ledger.append(event("unprotect", iss: "eu-prod", jti: "a"))
    ledger.appendRefusal(event("refused", iss: "eu-prod", jti: "a", outcome: "expired"))
    try ledger.close()
    #expect(ledger.spent.count == 0)
    #expect(try place.open().spent.count == 0)
  }

  @Test func spentTokensAreKept30DaysAndUntilTheyCannotComeBack() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(intent("old"))
    try ledger.append(intent("new", at: noon + 10 * day))
    func isSpent(now: Int64, hardFloor: Int64) throws -> [Bool] {
      let spent = try place.open(now: now, hardFloor: hardFloor).spent
      return ["old", "new"].map { spent["eu-prod", $0] != nil }
    }
    let late = noon + 100 * day
    #expect(try isSpent(now: noon + 30 * day, hardFloor: late) == [true, true])
    #expect(try isSpent(now: noon + 30 * day + 1, hardFloor: late) == [false, true])
    #expect(try isSpent(now: late, hardFloor: late) == [false, false])
    // A clock that was set ahead does not make anything forgotten.
    #expect(try isSpent(now: late, hardFloor: 0) == [true, true])
    #expect(try isSpent(now: .max, hardFloor: noon + 900) == [true, true])
    #expect(try isSpent(now: .max, hardFloor: noon + 901) == [false, true])
    #expect(try isSpent(now: .min, hardFloor: late) == [true, true])

    ledger.forgetSpent(now: noon + 31 * day, hardFloor: late)
    #expect(ledger.spent.count == 1)
  }

  @Test func recordsAreReadFromAnywhere() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    for number in 1...1500 { try ledger.append(event("e\(number)")) }
    for ledger in [ledger, try place.open().ledger] {
      func read(_ since: Int64, _ limit: Int) throws -> [Int64] {
        try ledger.records(since: since, limit: limit).compactMap { $0["seq"]?.integer }
      }
      #expect(try read(0, 3) == [1, 2, 3])
      #expect(try read(1, 1) == [1])
      #expect(try read(-5, 1) == [1])
      for start: Int64 in [255, 256, 257, 258, 512, 513, 1024, 1400] {
        #expect(try read(start, 2) == [start, start + 1])
      }
      #expect(try read(1499, 10) == [1499, 1500])
      #expect(try read(1501, 10) == [])
      #expect(try read(.max, 10) == [])
      #expect(try read(1, 0) == [])
      #expect(try read(1, 5000).count == 1500)
      let line = try #require(try ledger.lines(since: 700, limit: 1).first)
      #expect(line.sequence == 700)
      #expect(try String(decoding: line.bytes, as: UTF8.self) == place.lines()[699])
    }
  }

  @Test func closingWritesWhatWasFolded() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    ledger.appendRefusal(refusal("expired", uid: 5, at: noon))
    #expect(ledger.hasFolded)
    #expect(try place.bytes().isEmpty)
    try ledger.close()
    #expect(try ledger.records(since: 0, limit: 9).map { $0["outcome"] } == ["expired"])
    #expect(try ledger.append(event()) == 2)
  }

  @Test(arguments: ["link", "directory", "fifo", "dangling"])
  func whatIsNoFileIsNoLedger(kind: String) throws {
    let place = try Place()
    try Files.makeDirectory(place.directory, mode: 0o700)
    switch kind {
    case "link":
      try Files.writeAtomically(place.root + "/other", [])
      try Files.symlink("../other", at: place.path)
    case "dangling": try Files.symlink("../other", at: place.path)
    case "fifo": #expect(mkfifo(place.path, 0o600) == 0)
    default: try Files.makeDirectory(place.path)
    }
    let error = #expect(throws: LedgerError.self) { try place.open() }
    #expect(error?.kind == .notALedger)
  }

  @Test func aRemovedFileIsPutBack() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(intent("a"))
    try Files.remove(place.path)
    try ledger.append(event())
    let records = try ledger.records(since: 0, limit: 9)
    #expect(records.map { $0["seq"]?.integer } == [1, 2])
    #expect(records.map { $0["put_back"]?.bool } == [nil, true])
    #expect(try place.lines().count == 2)
    #expect(try Files.status(place.path)?.mode == 0o600)
    #expect(ledger.reserveAvailable)
    #expect(try place.open().spent["eu-prod", "a"] != nil)
  }

  @Test func aReplacedFileAndARemovedDirectoryArePutBack() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(intent("a"))
    try place.write(Array("planted\n".utf8))
    #expect(try ledger.putBackIfMissing())
    #expect(try !ledger.putBackIfMissing())
    #expect(try place.lines().count == 1)
    try shell("rm -r '\(place.directory)'")
    try ledger.append(event())
    #expect(try place.lines().count == 2)
    #expect(try Files.status(place.directory)?.mode == 0o700)
  }

  @Test func whatOthersAppendStays() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    try ledger.append(event())
    try shell("printf 'planted' >>'\(place.path)'")
    try ledger.append(intent("a"))
    #expect(try place.lines()[1] == "planted")
    #expect(try ledger.records(since: 0, limit: 9).map { $0["seq"]?.integer } == [1, 2])
    let opened = try place.open()
    #expect(opened.damaged == [2, 3])
    #expect(opened.spent["eu-prod", "a"]?.record == 2)
  }

  @Test func whatOthersCutOffIsTold() throws {
    let place = try Place()
    let ledger = try place.open().ledger
    for _ in 1...600 { try ledger.append(event()) }
    let bytes = try place.bytes()
    try shell("truncate -s \(bytes.count / 2) '\(place.path)'")
    try ledger.append(intent("a"))
    let last = try #require(try ledger.records(since: 601, limit: 9).first)
    #expect(last["missing"]?.integer == Int64(bytes.count - bytes.count / 2))
    #expect(try place.bytes().starts(with: bytes[..<(bytes.count / 2)]))

    try shell("truncate -s 0 '\(place.path)'")
    try ledger.append(event())
    #expect(try place.lines().count == 1)
    #expect(try ledger.records(since: 1, limit: 9).map { $0["seq"]?.integer } == [602])
    #expect(ledger.spent["eu-prod", "a"] != nil)
  }
}
