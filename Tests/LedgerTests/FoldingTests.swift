import JSON
import Testing

@testable import Ledger

/// At most one record per uid, code and minute.
@Suite struct FoldingTests {
  private func open() throws -> (Ledger, FakeDisk) {
    let disk = FakeDisk()
    return (try Ledger.open(disk, now: noon).ledger, disk)
  }

  private func summary(_ ledger: Ledger) throws -> [String] {
    try ledger.records(since: 0, limit: 1000).map { record in
      let uid = record["peer"]?["uid"]?.integer.map { "\($0)" } ?? "-"
      let fields = [record["count"], record["time"], record["last"]].map {
        $0?.integer.map { $0 > 1_000_000 ? "+\($0 - noon)" : "\($0)" } ?? "-"
      }
      return "\(uid) \(record["outcome"]?.string ?? "") \(fields.joined(separator: " "))"
    }
  }

  @Test func oneRecordForEachUserCodeAndMinute() throws {
    let (ledger, _) = try open()
    for second: Int64 in 0..<60 {
      ledger.appendRefusal(refusal("expired", uid: 5, at: noon + second))
      if second < 10 { ledger.appendRefusal(refusal("malformed", uid: 5, at: noon + second)) }
      if second == 30 { ledger.appendRefusal(refusal("expired", uid: 6, at: noon + second)) }
    }
    ledger.flushFolded(now: noon + 59)
    #expect(try summary(ledger) == [])
    ledger.flushFolded(now: noon + 60)
    #expect(
      try summary(ledger) == [
        "5 expired 60 +0 +59", "5 malformed 10 +0 +9", "6 expired 1 +30 -",
      ])
    ledger.flushFolded(now: noon + 120)
    #expect(try summary(ledger).count == 3)
    #expect(!ledger.hasFolded)
  }

  @Test func aRefusalOfTheNextMinuteEndsTheLastOne() throws {
    let (ledger, _) = try open()
    ledger.appendRefusal(refusal("expired", uid: 5, at: noon + 59))
    ledger.appendRefusal(refusal("expired", uid: 5, at: noon + 60))
    #expect(try summary(ledger) == ["5 expired 1 +59 -"])
    ledger.flushFolded()
    #expect(try summary(ledger) == ["5 expired 1 +59 -", "5 expired 1 +60 -"])
  }

  @Test func aClockSetBackEndsTheMinute() throws {
    let (ledger, _) = try open()
    ledger.appendRefusal(refusal("expired", uid: 5, at: noon))
    ledger.flushFolded(now: noon - 3600)
    #expect(try summary(ledger).count == 1)
  }

  @Test func theRecordIsThatOfTheFirst() throws {
    let (ledger, _) = try open()
    var first = refusal("wrong_tenant", uid: 5, at: noon)
    first.kid = "k1"
    ledger.appendRefusal(first)
    ledger.appendRefusal(refusal("wrong_tenant", uid: 5, at: noon + 1))
    ledger.flushFolded()
    let record = try #require(try ledger.records(since: 1, limit: 1).first)
    #expect(record["event"] == "refused")
    #expect(record["kid"] == "k1")
    #expect(record["count"] == 2)
    #expect(record["last"]?.integer == noon + 1)
  }

  @Test func thousandsOfUsersAreFoldedTogether() throws {
    let (ledger, _) = try open()
    for uid: UInt32 in 0..<5000 {
      ledger.appendRefusal(refusal("expired", uid: uid, at: noon))
      ledger.appendRefusal(refusal("malformed", uid: uid, at: noon))
    }
    ledger.flushFolded()
    let records = try ledger.records(since: 0, limit: 10_000)
    #expect(records.count == 258)
    #expect(records.compactMap { $0["count"]?.integer }.reduce(0, +) == 10_000)
    #expect(records.filter { $0["peer"] == JSON.null }.count == 2)
  }

  @Test func whatCannotBeWrittenIsCounted() throws {
    let (ledger, disk) = try open()
    for _ in 0..<7 { ledger.appendRefusal(refusal("expired", uid: 5, at: noon)) }
    disk.writeError = 5
    ledger.flushFolded()
    #expect(ledger.dropped == 7)
    disk.writeError = nil
    try ledger.append(event())
    #expect(try ledger.records(since: 0, limit: 9).map { $0["dropped"]?.integer } == [7])
    #expect(ledger.dropped == 0)
  }
}
