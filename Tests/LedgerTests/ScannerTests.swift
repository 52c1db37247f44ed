import JSON
import Testing

@testable import Ledger

@Suite struct ScannerTests {
  private func scan(_ line: String) -> ScannedRecord? {
    RecordScanner.scan(Array(line.utf8).span)
  }

  @Test func membersAreFoundInAnyOrder() {
    let spent = ScannedRecord.Spent(issuer: "c", jti: "j", expires: 9)
    #expect(
      scan(
        #"{"x":[{"seq":5}],"jti":"j","exp":9,"iss":"c","phase":"intent","event":"unprotect","#
          + #""time":-3,"seq":2}"#)
        == ScannedRecord(sequence: 2, time: -3, spent: spent))
  }

  @Test func theFloorsOfTimeAreFound() {
    func floor(_ value: String) -> LedgerFloor? {
      scan(#"{"seq":1,"time":2,"event":"e","floor":\#(value)}"#)?.floor
    }
    #expect(floor("[5,-3]") == LedgerFloor(soft: 5, hard: -3))
    for other in ["[5]", "[5,3,1]", "[]", #"["5",3]"#, "{}", "5", "null"] {
      #expect(floor(other) == nil)
    }
    #expect(scan(#"{"seq":1,"time":2,"event":"e","x":{"floor":[5,3]}}"#)?.floor == nil)
  }

  @Test(arguments: [
    #"{"seq":1,"time":2,"event":"unprotect","phase":"result","iss":"c","jti":"j"}"#,
    #"{"seq":1,"time":2,"event":"protect","phase":"intent","iss":"c","jti":"j"}"#,
    #"{"seq":1,"time":2,"event":"unprotect","phase":"intent","iss":"c","jti":null}"#,
    #"{"seq":1,"time":2,"event":"unprotect","phase":"intent","jti":"j"}"#,
    #"{"seq":1,"time":2,"event":"unprotect","peer":{"phase":"intent"},"iss":"c","jti":"j"}"#,
  ])
  func onlyIntentsOfUnprotectSpend(line: String) {
    #expect(scan(line) == ScannedRecord(sequence: 1, time: 2, spent: nil))
  }

  @Test(arguments: [
    "", "{}", "[]", "null", #"{"seq":1}"#, #"{"seq":1,"time":2}"#, #"{"time":2,"event":"e"}"#,
    #"{"seq":0,"time":2,"event":"e"}"#, #"{"seq":-1,"time":2,"event":"e"}"#,
    #"{"seq":"1","time":2,"event":"e"}"#, #"{"seq":01,"time":2,"event":"e"}"#,
    #"{"seq":1.0,"time":2,"event":"e"}"#, #"{"seq":1e0,"time":2,"event":"e"}"#,
    #"{"seq":9223372036854775808,"time":2,"event":"e"}"#,
    #"{"seq":1,"time":2,"event":"e"} "#, #" {"seq":1,"time":2,"event":"e"}"#,
    #"{"seq":1,"time":2,"event":"e",}"#, #"{"seq":1,"time":2,"event":"e""#,
    #"{"seq":1,"time":2,"event":"e"}{"#, #"{"seq":1,"time":2,"event":"\x"}"#,
    #"{"seq":1,"time":2,"event":"\u12g4"}"#, "{\"seq\":1,\"time\":2,\"event\":\"\t\"}",
    #"{"seq":1,"time":2,"event":"e","a":nul}"#, #"{"seq":1,"time":2,"event":"e","a":tru"#,
    #"{"seq":1,"time":2,"event":"e","a":{"b"}}"#, #"{"seq":1,"time":2,"event":"e","a":[1,]}"#,
    #"{"seq":1,"time":2,"event":"e","a":-}"#, #"{"seq":1,"time":2,"event":"e","a":}"#,
    #"{"seq":1,"time":2,"event":"e","a":"# + String(repeating: "[", count: 5000),
  ])
  func theseAreNoRecords(line: String) {
    #expect(scan(line) == nil)
  }

  @Test func theLargestNumbers() {
    let line = #"{"seq":9223372036854775807,"time":-9223372036854775808,"event":"e"}"#
    #expect(scan(line) == ScannedRecord(sequence: .max, time: .min, spent: nil))
  }

  /// Whatever a record's bytes are changed to: what the scanner takes is JSON with the same `seq`.
  @Test func itTakesNothingThatTheParserRefuses() throws {
    var original = LedgerRecord(
      sequence: 12,
      event: event(
        "unprotect", phase: .intent, iss: "c", jti: "j",
        details: [
          JSON.Member(name: "services", value: ["ä.service", nil, true, [:], [], -5, "\n\u{9F}"])
        ]), head: "5ea1"
    ).line()
    original.removeLast()
    let interesting =
      Array(#"{}[]",:\u0123456789-eE+.tfn "#.utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xFF]
    for index in original.indices {
      for byte in interesting {
        var changed = original
        changed[index] = byte
        guard let record = RecordScanner.scan(changed.span) else { continue }
        // A changed name may now stand twice, which only the parser notices.
        guard let json = try? JSON.parse(changed) else {
          let last = changed.count
          #expect(isDuplicate(changed), "\(String(decoding: changed[..<last], as: UTF8.self))")
          continue
        }
        #expect(json["seq"]?.integer == record.sequence)
      }
    }
  }

  private func isDuplicate(_ bytes: [UInt8]) -> Bool {
    do throws(JSON.ParseError) {
      _ = try JSON.parse(bytes)
      return false
    } catch {
      return error.reason.contains("twice") || error.reason.contains("duplicate")
        || error.reason.contains("surrogate")
    }
  }
}
