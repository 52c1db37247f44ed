import Testing

@testable import HostConfiguration

/// systemd.syntax(7).
@Suite struct SyntaxTests {
  private func settings(_ text: String) throws -> Settings {
    try Settings.parse([main(text)]).settings
  }

  @Test func emptyFilesMeanTheDefaults() throws {
    #expect(try settings("") == .standard)
    #expect(try settings("\n\n  \n\t\n") == .standard)
    #expect(try settings("[Control]\n[Protection]\n") == .standard)
    #expect(try Settings.parse([]).settings == .standard)
  }

  @Test func commentsAndBlanksAroundNamesAreIgnored() throws {
    let read = try settings(
      """
      # a comment
      ; another
        # an indented one = with a sign
      \t[Control]
        MaxConnections \t = \t 32\u{20}\t
      ;MaxConnections=33
      """)
    #expect(read.control.maxConnections == 32)
  }

  @Test func sectionsMayComeBack() throws {
    let read = try settings(
      "[Control]\nMaxConnections=32\n[Protection]\nMaxWindowSec=2h\n[Control]\n"
        + "MaxConnectionsPerUser=4\n")
    #expect(read.control.maxConnections == 32)
    #expect(read.control.maxConnectionsPerUser == 4)
    #expect(read.maxWindow == 7200)
  }

  @Test func linesEndWithLineFeedOrBoth() throws {
    #expect(try settings("[Control]\r\nMaxConnections=5\r\n").control.maxConnections == 5)
    #expect(try settings("[Control]\nMaxConnections=5").control.maxConnections == 5)
  }

  @Test func aByteOrderMarkAtTheStartIsSkipped() throws {
    #expect(try settings("\u{FEFF}[Control]\nMaxConnections=5").control.maxConnections == 5)
    #expect(places(main("[Control]\n\u{FEFF}MaxConnections=5")).count == 1)
  }

  @Test func aBackslashContinuesTheLine() throws {
    #expect(try settings("[Protection]\nMaxWindowSec=1h\\\n30min\n").maxWindow == 5400)
    #expect(try settings("[Protection]\nMaxWindowSec=\\\n  1h\\\n\\\n30min\n").maxWindow == 5400)
  }

  @Test func commentsInsideAContinuedLineAreSkipped() throws {
    let text = """
      [Protection]
      MaxWindowSec=1h \\
      # not the end, even with \\
        ; nor this
        30min
      LocalGuards=any
      """
    let read = try settings(text)
    #expect(read.maxWindow == 5400)
    #expect(read.localGuards == .any)
  }

  @Test func anEmptyLineEndsAContinuedOne() throws {
    let read = try settings("[Protection]\nMaxWindowSec=1h \\\n\nLocalGuards=any\n")
    #expect(read.maxWindow == 3600)
    #expect(read.localGuards == .any)
  }

  @Test func twoBackslashesAreNoContinuation() {
    #expect(
      places(main("[Protection]\nLocalGuards=any\\\\\nMaxWindowSec=2h\n")) == [
        "2 LocalGuards"
      ])
  }

  @Test func aContinuedLineIsNamedByItsFirstLine() {
    #expect(
      places(main("[Control]\n\nMaxConnections=\\\n\\\nmany\n\nOther=1")) == [
        "3 MaxConnections", "7 Other",
      ])
  }

  @Test(arguments: [
    ("MaxConnections=1\n", ["1 MaxConnections"]),
    ("[Control]\nnonsense\n", ["2 -"]),
    ("[Control]\n=5\n", ["2 -"]),
    ("[Control\nMaxConnections=0\n", ["1 -"]),
    ("[]\n", ["1 -"]),
    ("[[Control]]\n", ["1 -"]),
    ("[Control] # comment\n", ["1 -"]),
    ("[control]\nmaxconnections=0\n", ["1 -"]),
    ("[Other]\nA=1\nB=2\n[Control]\nC=3\n", ["1 -", "5 C"]),
    ("[Service]\nUnit=web.service\n", ["1 -"]),
    ("[Control]\nMaxWindowSec=1h\n", ["2 MaxWindowSec"]),
    ("[Control]\nmaxconnections=1\n", ["2 maxconnections"]),
    ("[Control]\nMaxConnections=1\n\nMaxConnections=1\n", ["4 MaxConnections"]),
    ("[Control]\nMaxConnections=1\n[Control]\nMaxConnections=2\n", ["4 MaxConnections"]),
    ("[Control]\nMaxConnections=\n", ["2 MaxConnections"]),
    ("[Control]\nMaxConnections=5 \\", ["2 -"]),
    ("[Control]\nMax\u{0}Connections=5\n", ["2 -"]),
    ("# a \u{1B}[31m comment\n", ["1 -"]),
    ("[Control]\nMaxConnections=5\r6\n", ["2 -"]),
  ])
  func eachMistakeIsNamedByItsLine(text: String, expected: [String]) {
    #expect(places(main(text)) == expected)
  }

  @Test func allIssuesAreCollectedInOrder() {
    let text = """
      Early=1
      [Control]
      MaxConnections=zero
      MaxConnectionsPerUser=5
      MaxConnectionsPerUser=6
      Unknown=1
      [Nowhere]
      Unknown=1
      [Protection]
      MaxWindowSec=1s
      LocalGuards=some
      broken
      """
    let sources = [
      service("[Service]\nUnit=\n"), dropIn("10-a.conf", "[Control]\nUnknown=2"), main(text),
    ]
    let issues = Settings.read(sources).issues
    #expect(
      issues.map { "\($0.file.split(separator: "/").last ?? ""):\($0.line)" } == [
        "holdfast.conf:1", "holdfast.conf:3", "holdfast.conf:5", "holdfast.conf:6",
        "holdfast.conf:7", "holdfast.conf:10", "holdfast.conf:11", "holdfast.conf:12",
        "10-a.conf:2", "web.conf:2",
      ])
    #expect(throws: ConfigurationIssues(issues: issues)) { try Settings.parse(sources) }
  }

  @Test func whatIsRightIsReadDespiteWhatIsWrong() {
    let reading = Settings.read([
      main("[Control]\nMaxConnections=0\nMaxConnectionsPerUser=5\n"),
      service("[Service]\nUnit=web\n"), service("[Service]\nUnit=db.service\n", name: "db.conf"),
    ])
    #expect(reading.settings.control == ControlLimits(maxConnectionsPerUser: 5))
    #expect(reading.guards == [GuardSettings(unit: "db.service")])
    #expect(reading.issues.count == 2)
  }

  @Test func textsThatAreNotUTF8AreRefusedByLine() {
    let bytes = Array("[Control]\nMaxConnections=1\n# ".utf8) + [0xFF, 0x0A, 0xC3, 0x0A]
    let source = ConfigurationSource(path: "/etc/holdfast/holdfast.conf", bytes: bytes)
    #expect(places(source) == ["3 -", "4 -"])
  }

  @Test func aBadPartSpoilsItsWholeContinuedLineOnce() {
    let bytes =
      Array("[Control]\nMaxConnections=1 \\\n".utf8) + [0xFF] + Array("\nMaxConnections=5\n".utf8)
    let source = ConfigurationSource(path: "/etc/holdfast/holdfast.conf", bytes: bytes)
    #expect(places(source) == ["3 -"])
    #expect(Settings.read([source]).settings.control.maxConnections == 5)
  }

  @Test func textsOver64KiBAreRefused() {
    let most = "#" + String(repeating: "x", count: 65_535)
    #expect(places(main(most)) == [])
    #expect(places(main(most + "x")) == ["0 -"])
  }

  @Test func thousandsOfIssuesAreCutShort() {
    let issues = Settings.read([main(String(repeating: "x\n", count: 30_000))]).issues
    #expect(issues.count == 1001)
    #expect(issues.last?.message.contains("29000 more") == true)
  }

  @Test func descriptionsNameFileLineAndKey() {
    let issue = ConfigurationIssue(file: "/a.conf", line: 3, key: "Unit", message: "No.")
    #expect(issue.description == "/a.conf:3: Unit: No.")
    #expect(
      ConfigurationIssue(file: "/a.conf", line: 0, key: nil, message: "No.").description
        == "/a.conf: No.")
  }

  @Test(arguments: [
    ("[Control]\nMaxConnection=1", "did you mean MaxConnections=?"),
    ("[Control]\nmaxConnections=1", "did you mean MaxConnections=?"),
    ("[Control]\nLocalGuards=any", "[Protection]"),
    ("[Service]", "services.d"),
    ("[Control]\nMaxConnections=1\nMaxConnections=1", "line 2"),
  ])
  func sentencesSayWhatWouldBeRight(text: String, part: String) throws {
    let issue = try #require(Settings.read([main(text)]).issues.first)
    #expect(issue.message.contains(part))
  }
}
