import JSON
import Testing

@Suite("Quoting")
struct QuotingTests {
  @Test func onlyPrintableASCIIStays() {
    #expect("web-1 ok".quoted() == "\"web-1 ok\"")
    #expect("a\"b\\c".quoted() == #""a\"b\\c""#)
    #expect("\u{1B}[2J\n\u{202E}é".quoted() == #""\u{1b}[2J\u{a}\u{202e}\u{e9}""#)
    #expect("".quoted() == "\"\"")
  }

  @Test func longTextsAreCut() {
    #expect("abcd".quoted(limit: 4) == "\"abcd\"")
    #expect("abcde".quoted(limit: 4) == "\"abcd…\"")
    #expect(String(repeating: "x", count: 129).quoted().hasSuffix("x…\""))
    #expect(String(repeating: "x", count: 128).quoted().hasSuffix("x\""))
  }

  @Test func sameBytesMeansSameBytes() {
    #expect("K" == "\u{212A}")
    #expect(!"K".hasSameUTF8(as: "\u{212A}"))
    #expect("Kid".hasSameUTF8(as: "Kid"))
    #expect(!"kid".hasSameUTF8(as: "kid2"))
  }
}
