import Testing

@testable import HostConfiguration

@Suite struct ValueTests {
  /// Examples of systemd.time(7), "Parsing time spans", and its units.
  @Test(
    arguments: [
      ("2 h", 7_200_000_000), ("2hours", 7_200_000_000), ("48hr", 172_800_000_000),
      ("1y 12month", 63_115_200_000_000), ("55s500ms", 55_500_000),
      ("300ms20s 5day", 432_020_300_000),
      ("10", 10_000_000), ("0", 0), ("1us", 1), ("1usec", 1), ("1µs", 1), ("1μs", 1),
      ("7ms", 7000), ("7msec", 7000), ("7s", 7_000_000), ("7sec", 7_000_000),
      ("7second", 7_000_000), ("7seconds", 7_000_000), ("7m", 420_000_000), ("7min", 420_000_000),
      ("7minute", 420_000_000), ("7minutes", 420_000_000), ("1h", 3_600_000_000),
      ("1hour", 3_600_000_000), ("1d", 86_400_000_000), ("1day", 86_400_000_000),
      ("2days", 172_800_000_000), ("1w", 604_800_000_000), ("1week", 604_800_000_000),
      ("1weeks", 604_800_000_000), ("1M", 2_629_800_000_000), ("1months", 2_629_800_000_000),
      ("1year", 31_557_600_000_000), ("1years", 31_557_600_000_000),
      ("  10 \t s ", 10_000_000), ("1.5h", 5_400_000_000), (".5s", 500_000), ("0.0000001s", 0),
      ("1.2 .3", 1_500_000), ("10 20s", 30_000_000), ("18446744073709551615us", UInt64.max),
    ] as [(String, UInt64)])
  func timeSpans(text: String, microseconds: UInt64) {
    #expect(TimeSpan.microseconds(text) == microseconds)
  }

  @Test(arguments: [
    "", " ", "s", "-1s", "+1s", "-0", "1 second ago", "1H", "1D", "1Min", "1.2.3", "1..2", "1.",
    "1.s", "1s-", "1,5s", "infinity", "18446744073709551616us", "600000y", "1e3", "0x10", "٣s",
    "18446744073709551615us 1us", "5s x",
  ])
  func noTimeSpans(text: String) {
    #expect(TimeSpan.microseconds(text) == nil)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1us"), (1500, "1ms 500us"), (10_000_000, "10s"), (3_600_000_000, "1h"),
      (5_400_000_000, "1h 30min"), (86_400_000_000, "1d"),
      (90_061_001_001, "1d 1h 1min 1s 1ms 1us"),
    ] as [(UInt64, String)])
  func writtenTimeSpans(microseconds: UInt64, text: String) {
    #expect(TimeSpan.text(microseconds: microseconds) == text)
    #expect(TimeSpan.microseconds(text) == microseconds)
  }

  @Test func everyTimeSpanReadsBack() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
      let value = random.next() >> UInt64.random(in: 0..<64)
      #expect(TimeSpan.microseconds(TimeSpan.text(microseconds: value)) == value)
    }
  }

  @Test func booleans() {
    for text in ["1", "yes", "YES", "y", "true", "True", "t", "on"] {
      #expect(ValueReader.boolean(text) == true)
    }
    for text in ["0", "no", "No", "n", "false", "f", "off", "OFF"] {
      #expect(ValueReader.boolean(text) == false)
    }
    for text in ["", "2", "01", "enable", "yes ", "ja"] {
      #expect(ValueReader.boolean(text) == nil)
    }
  }

  /// systemd.syntax(7), "Quoting".
  @Test(
    arguments: [
      ("", []), ("  ", []), ("a", ["a"]), ("a b\tc", ["a", "b", "c"]), (" a  b ", ["a", "b"]),
      (#""a b" c"#, ["a b", "c"]), (#"'a b' c"#, ["a b", "c"]), (#""a'b" 'c"d'"#, ["a'b", "c\"d"]),
      (#""""#, [""]), (#"a"b c"d"#, ["ab cd"]), (#"a\sb"#, ["a b"]), (#"a\\b"#, [#"a\b"#]),
      (#""a\"b""#, ["a\"b"]), (#"'a\'b'"#, ["a'b"]), (#"\x41\102\u0043\U00000044"#, ["ABCD"]),
      (#"\xc3\xa9"#, ["é"]), (#"\n\t"#, ["\n\t"]), (#"é"#, ["é"]), (#"\u00e9"#, ["é"]),
      (#"\a\b\f\r\v"#, ["\u{7}\u{8}\u{C}\r\u{B}"]), ("%n", ["%n"]),
    ] as [(String, [String])])
  func wordLists(text: String, words: [String]) throws {
    #expect(try WordList.words(of: text) == words)
  }

  @Test(arguments: [
    #""a"#, "'a", #"a\"#, #"\q"#, #"\x4"#, #"\xzz"#, #"\u00"#, #"\U00110000"#, #"\ud800"#,
    #"\400"#, #"\18"#, #"\xff"#, #"\x+1"#, #"\u-001"#, #"a\ b"#,
  ])
  func noWordLists(text: String) {
    #expect(throws: ValueProblem.self) { try WordList.words(of: text) }
  }

  @Test(arguments: [
    "/a", "/a b", #"/a\b"#, #"/a"b"#, "/a'b", "/a\tb", "", "é", #"\\"#, " ", "a\u{301}",
  ])
  func wordsAreQuotedWhereNeeded(word: String) throws {
    let quoted = WordList.quoted(word)
    let words = try WordList.words(of: "\(quoted) \(quoted)")
    #expect(words.map { Array($0.utf8) } == [Array(word.utf8), Array(word.utf8)])
  }
}
