import JSON
import Testing

@testable import Ledger

/// The line that is written of an event.
@Suite struct RecordTests {
  private func json(
    _ event: LedgerEvent, sequence: Int64 = 1, news: LedgerNews = LedgerNews()
  ) throws -> JSON {
    var bytes = LedgerRecord(sequence: sequence, event: event, news: news, head: "5ea1").line()
    #expect(bytes.count <= 4096)
    #expect(bytes.popLast() == UInt8(ascii: "\n"))
    #expect(!bytes.contains(UInt8(ascii: "\n")))
    #expect(RecordScanner.scan(bytes.span)?.sequence == sequence)
    return try JSON.parse(bytes)
  }

  @Test func everyMemberOfTheContractIsThere() throws {
    var full = intent("jti-0123456789abcdef")
    full.floor = LedgerFloor(soft: 1_760_000_000, hard: 1_750_000_000)
    full.peer?.parent = LedgerPeer.Parent(pid: 6, exe: "/usr/bin/bash")
    full.details = [JSON.Member(name: "sub", value: "ana@example.com")]
    #expect(
      try json(full, sequence: 42) == [
        "seq": 42, "time": 1_760_000_040, "boottime": 1, "boot_id": "b0a7", "event": "unprotect",
        "phase": "intent",
        "peer": [
          "pid": 7, "uid": 0, "gid": 8, "loginuid": 1000, "tty": "pts/0", "exe": "/usr/bin/x",
          "parent": ["pid": 6, "exe": "/usr/bin/bash"],
        ],
        "iss": "eu-prod", "kid": "k1", "jti": "jti-0123456789abcdef", "exp": 1_760_000_940,
        "outcome": "ok", "clock": "wall",
        "floor": [1_760_000_000, 1_750_000_000], "sub": "ana@example.com", "head": "5ea1",
      ])
  }

  @Test func whatDoesNotApplyIsNull() throws {
    let bare = LedgerEvent(
      event: "started", wall: -1, boottime: 1_999_999, bootID: "", outcome: "ok", clock: "suspect")
    #expect(
      try json(bare) == [
        "seq": 1, "time": -1, "boottime": 1, "boot_id": "", "event": "started", "peer": nil,
        "kid": nil, "jti": nil, "outcome": "ok", "clock": "suspect",
        "head": "5ea1",
      ])
    var nobody = bare
    nobody.peer = LedgerPeer(pid: 1, uid: .max, gid: .max)
    #expect(
      try json(nobody)["peer"] == [
        "pid": 1, "uid": 4_294_967_295, "gid": 4_294_967_295, "loginuid": nil, "tty": nil,
        "exe": nil, "parent": nil,
      ])
  }

  @Test func detailsCannotTakeTheNameOfAMember() throws {
    let sly = event(details: [
      JSON.Member(name: "seq", value: 7), JSON.Member(name: "head", value: "x"),
    ])
    let record = try json(sly)
    #expect(record["seq"] == 1)
    #expect(record["_seq"] == 7)
    #expect(record["_head"] == "x")
    #expect(record["head"] == "5ea1")
  }

  @Test func detailsThatDoNotFitAreNamed() throws {
    let large = JSON.string(String(repeating: "x", count: 3000))
    let record = try json(
      event(details: [
        JSON.Member(name: "first", value: large), JSON.Member(name: "second", value: large),
        JSON.Member(name: "third", value: 3),
      ]))
    #expect(record["first"] == large)
    #expect(record["second"] == nil)
    #expect(record["omitted"] == ["third", "second"])
  }

  @Test func longTextsAreCutBetweenCharacters() throws {
    var long = event()
    long.peer?.exe = "/" + String(repeating: "é", count: 4000)
    long.peer?.tty = String(repeating: "t", count: 65)
    long.outcome = String(repeating: "\u{1}", count: 500)
    let record = try json(long)
    let exe = try #require(record["peer"]?["exe"]?.string)
    #expect(exe == "/" + String(repeating: "é", count: 126) + "…")
    #expect(exe.utf8.count == 256)
    #expect(record["peer"]?["tty"]?.string?.utf8.count == 64)
    #expect(record["outcome"]?.string == String(repeating: "\u{1}", count: 125) + "…")
  }

  @Test func newsAreTold() throws {
    let record = try json(event(), news: LedgerNews(dropped: 3, missing: 100, putBack: true))
    #expect(record["dropped"] == 3)
    #expect(record["missing"] == 100)
    #expect(record["put_back"] == true)
  }

  @Test func namesCannotBreakTheLine() throws {
    var sly = event()
    sly.peer?.exe = "/tmp/a\"},\n{\"seq\":9}\\"
    #expect(try json(sly)["peer"]?["exe"]?.string == "/tmp/a\"},\n{\"seq\":9}\\")
  }
}
