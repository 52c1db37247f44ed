import JSON
import Testing

@Suite("Parsing")
struct ParsingTests {
  private func parse(
    _ text: String, _ limits: JSON.Limits = .standard
  ) throws(JSON.ParseError) -> JSON {
    try JSON.parse(Array(text.utf8), limits: limits)
  }

  private func reason(_ text: String, _ limits: JSON.Limits = .standard) -> String? {
    reason(Array(text.utf8), limits)
  }

  private func reason(_ bytes: [UInt8], _ limits: JSON.Limits = .standard) -> String? {
    do throws(JSON.ParseError) {
      _ = try JSON.parse(bytes, limits: limits)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func valuesComeOutAsWritten() throws {
    let value = try parse(
      " {\"a\" : [1, -2,\t0 ],\r\n \"b\":{ },\"c\":null,\"d\":true,\"e\":false,\"f\":\"g\"} ")
    #expect(
      value == [
        "a": [1, -2, 0], "b": .object([]), "c": nil, "d": true, "e": false, "f": "g",
      ])
    #expect(value.members?.map(\.name) == ["a", "b", "c", "d", "e", "f"])
    #expect(value["a"]?.array?.map(\.integer) == [1, -2, 0])
    #expect(value["c"]?.isNull == true)
    #expect(value["d"]?.bool == true)
    #expect(value["f"]?.string == "g")
    #expect(value["z"] == nil)
    #expect(value["a"]?["b"] == nil)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9007199254740991", 9_007_199_254_740_991),
      ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ])
  func integersWithin64BitsAreTaken(_ text: String, _ value: Int64) throws {
    #expect(try parse(text) == .integer(value))
  }

  @Test(
    arguments: [
      ("9223372036854775808", "beyond 64"), ("-9223372036854775809", "beyond 64"),
      ("99999999999999999999999999", "beyond 64"), ("1.0", "fraction"), ("1e0", "fraction"),
      ("1E0", "fraction"), ("-1.5", "fraction"), ("01", "leading zero"), ("00", "leading zero"),
      ("-01", "leading zero"), ("-", "sign without"), ("+1", "no value"), (".5", "no value"),
      ("1a", "after the value"), ("0x1", "after the value"), ("１", "no value"),
    ])
  func otherNumbersAreRefused(_ text: String, _ expected: String) {
    #expect(reason(text)?.contains(expected) == true, "\(reason(text) ?? "taken")")
  }

  @Test func signsAreRefusedWhereTheLimitsSaySo() throws {
    let unsigned = JSON.Limits(allowNegative: false)
    #expect(reason("-1", unsigned)?.contains("minus") == true)
    #expect(reason("[-0]", unsigned)?.contains("minus") == true)
    #expect(try parse("[1]", unsigned) == [1])
    #expect(try parse("\"-1\"", unsigned) == "-1")
  }

  @Test func depthIsLimitedOnBothSides() throws {
    let limits = JSON.Limits(maxDepth: 3)
    #expect(try parse("[[[1]]]", limits) == [[[1]]])
    #expect(try parse("{\"a\":{\"b\":{}}}", limits) == ["a": ["b": .object([])]])
    #expect(reason("[[[[]]]]", limits)?.contains("3 deep") == true)
    #expect(reason("{\"a\":{\"b\":{\"c\":[]}}}", limits)?.contains("3 deep") == true)
    let deepest = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
    #expect(try parse(deepest).array?.count == 1)
    #expect(reason(String(repeating: "[", count: 17))?.contains("16 deep") == true)
  }

  @Test func membersAreLimitedOnBothSides() throws {
    func object(_ count: Int) -> String {
      "{" + (0..<count).map { "\"m\($0)\":\($0)" }.joined(separator: ",") + "}"
    }
    let limits = JSON.Limits(maxMembers: 32)
    #expect(try parse(object(32), limits).members?.count == 32)
    #expect(reason(object(33), limits)?.contains("32 members") == true)
    #expect(try parse(object(4096)).members?.last == .init(name: "m4095", value: 4095))
    #expect(reason(object(4097))?.contains("4096 members") == true)
  }

  @Test func bytesAreLimitedOnBothSides() throws {
    let limits = JSON.Limits(maxBytes: 8)
    #expect(try parse("\"123456\"", limits) == "123456")
    #expect(reason("\"1234567\"", limits)?.contains("8 bytes") == true)
    #expect(reason("[]       ", limits)?.contains("8 bytes") == true)
  }

  @Test(
    arguments: [
      #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"\/":1,"/":2}"#,
      #"{"":1,"":2}"#, #"{"😀":1,"\ud83d\ude00":2}"#, #"[{"x":{"a":1,"a":1}}]"#,
      #"{"\u0000":1,"\u0000":2}"#,
    ])
  func aNameThatStandsTwiceIsRefused(_ text: String) {
    #expect(reason(text)?.contains("stands twice") == true, "\(reason(text) ?? "taken")")
  }

  @Test func namesAreComparedByTheirBytes() throws {
    // U+212A is canonically equivalent to K, and é has two spellings: four different names.
    let text = "{\"K\":1,\"\u{212A}\":2,\"\u{E9}\":3,\"e\u{301}\":4}"
    let value = try parse(text)
    #expect(value.members?.count == 4)
    #expect(value["K"] == 1)
    #expect(value["\u{212A}"] == 2)
    #expect(JSON.string("K") != JSON.string("\u{212A}"))
    #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
    #expect(value != (try parse("{\"\u{212A}\":1,\"K\":2,\"\u{E9}\":3,\"e\u{301}\":4}")))
  }

  @Test func duplicatesAreFoundAmongMany() {
    // Either side of where the parser begins to hash, and far beyond; the repeated name early, late.
    for count in [23, 24, 25, 26, 4000] {
      for repeated in [0, 22, count - 1] {
        let names = (0..<count).map { "\"m\($0)\":0" } + ["\"m\(repeated)\":0"]
        let text = "{" + names.joined(separator: ",") + "}"
        #expect(reason(text)?.contains("\"m\(repeated)\" stands twice") == true)
      }
    }
  }

  @Test(
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""\uD83D\uDE00""#, "\u{1F600}"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
      (#""\uD800\uDC00""#, "\u{10000}"), (#""a\u0000b""#, "a\u{0}b"), (#""\uFFFF""#, "\u{FFFF}"),
      ("\"\u{10FFFF}\u{7F}\"", "\u{10FFFF}\u{7F}"), (#""x\ny\tz""#, "x\ny\tz"),
    ])
  func escapesAreTakenApart(_ text: String, _ expected: String) throws {
    #expect(try parse(text) == .string(expected))
  }

  @Test(
    arguments: [
      #""\uD800""#, #""\uDC00""#, #""\uD800x""#, #""\uD800\n""#, #""\uD800\uD800""#,
      #""\uDC00\uD800""#, #""\uD83D\u0041""#, #"{"\uD800":1}"#, #""\uD800\\uDC00""#,
    ])
  func unpairedSurrogatesAreRefused(_ text: String) {
    #expect(reason(text)?.contains("unpaired surrogate") == true, "\(reason(text) ?? "taken")")
  }

  @Test(
    arguments: [
      #""\x41""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, #""\'""#, #""\u-123""#, #""\"#, #""\u"#,
      "\"\n\"", "\"\u{0}\"", "\"\u{1F}\"", "\"", "\"abc", "'a'", "\u{FEFF}1", "[1]\u{FEFF}",
      "\u{A0}1", "1\u{2028}", "1\u{0}", "\u{0C}1", "1 2", "{}{}", "[1,]", "{\"a\":1,}", "[,1]",
      "{,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\" 1}", "[1 2]", "//x\n1", "/**/1", "nul",
      "nulls", "True", "NaN", "Infinity", "", " ", "]", "}", "[}", "{]", "[1}", "{\"a\":1]",
    ])
  func otherTextsAreRefused(_ text: String) {
    #expect(reason(text) != nil)
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0x31, 0x80],
    ] as [[UInt8]])
  func invalidUTF8IsRefused(_ bytes: [UInt8]) {
    #expect(reason(bytes)?.contains("UTF-8") == true)
  }

  @Test func theOffsetTellsThePlace() {
    func offset(_ text: String) -> Int? {
      do throws(JSON.ParseError) {
        _ = try parse(text)
        return nil
      } catch {
        return error.offset
      }
    }
    #expect(offset("[1, x]") == 4)
    #expect(offset("{\"a\":1,\"a\":2}") == 7)
    #expect(offset("[1] 2") == 4)
    #expect(offset("\"ab\\q\"") == 3)
    #expect(offset("[1.5]") == 1)
  }

  @Test func reasonsHoldNothingThatATerminalObeys() {
    let reason = reason(#"{"\u001b[2J\u202e":1,"\u001b[2J\u202e":2}"#) ?? ""
    #expect(reason.unicodeScalars.allSatisfy { (" "..."~").contains($0) }, "\(reason)")
    #expect(reason.contains(#"\u{1b}[2J\u{202e}"#))
  }

  @Test(.timeLimit(.minutes(1)))
  func hostileTextsAreHandledInLinearTime() {
    let mebibyte = 1 << 20
    let wide = JSON.Limits(maxMembers: .max)
    let members = (0..<90_000).map { "\"\($0)\":0" }.joined(separator: ",")
    #expect(members.utf8.count < mebibyte)
    #expect(reason("{" + members + "}", wide) == nil)
    #expect(reason("{" + members + ",\"0\":1}", wide)?.contains("twice") == true)
    #expect(reason(String(repeating: "[", count: mebibyte)) != nil)
    #expect(reason("\"" + String(repeating: "\\n", count: mebibyte / 2 - 1) + "\"") == nil)
    #expect(reason(String(repeating: "9", count: mebibyte)) != nil)
    #expect(reason([UInt8](repeating: 0x20, count: mebibyte)) != nil)
    #expect(reason([UInt8](repeating: 0x20, count: mebibyte + 1))?.contains("bytes") == true)
  }
}
