import Protection
import Testing

@testable import HostConfiguration

@Suite struct SettingsTests {
  @Test func theDefaultsAreThoseOfTheContract() {
    let standard = Settings.standard
    #expect(standard.control.maxConnections == 64)
    #expect(standard.control.maxConnectionsPerUser == 16)
    #expect(standard.control.firstLineTimeout == 10_000_000)
    #expect(standard.control.failedTokensPerMinute == 10)
    #expect(standard.maxWindow == 3600)
    #expect(standard.bearer == .always)
    #expect(standard.localGuards == .packaged)
    #expect(standard.ledger == LedgerRoom(fileSize: 1_048_576, maxUse: 134_217_728))
  }

  @Test func everyKeyIsTaken() throws {
    let text = """
      [Control]
      MaxConnections=100
      MaxConnectionsPerUser=20
      FirstLineTimeoutSec=1min 500ms
      FailedTokensPerMinute=3
      [Protection]
      MaxWindowSec=90min
      Bearer=never
      LocalGuards=none
      [Ledger]
      FileSize=64K
      MaxUse=2G
      """
    let expected = Settings(
      control: ControlLimits(
        maxConnections: 100, maxConnectionsPerUser: 20, firstLineTimeout: 60_500_000,
        failedTokensPerMinute: 3),
      maxWindow: 5400, bearer: .never, localGuards: .none,
      ledger: LedgerRoom(fileSize: 65_536, maxUse: 2_147_483_648))
    #expect(try Settings.parse([main(text)]).settings == expected)
  }

  @Test(arguments: [
    "MaxConnections=1", "MaxConnections=1024", "MaxConnectionsPerUser=1",
    "MaxConnectionsPerUser=1024", "FirstLineTimeoutSec=100ms", "FirstLineTimeoutSec=10min",
    "FailedTokensPerMinute=1", "FailedTokensPerMinute=1000",
  ])
  func limitsOfControlAreInRange(line: String) {
    #expect(places(main("[Control]\n\(line)")) == [])
  }

  @Test(arguments: [
    "MaxConnections=0", "MaxConnections=1025", "MaxConnections=-1", "MaxConnections=+1",
    "MaxConnections=064", "MaxConnections=0x40", "MaxConnections=64.0", "MaxConnections=\"64\"",
    "MaxConnections=64 64", "MaxConnections=99999999999999999999", "MaxConnections=yes",
    "MaxConnections=٣", "MaxConnectionsPerUser=0", "MaxConnectionsPerUser=1025",
    "FirstLineTimeoutSec=0", "FirstLineTimeoutSec=99ms", "FirstLineTimeoutSec=601",
    "FirstLineTimeoutSec=infinity", "FirstLineTimeoutSec=-1s", "FirstLineTimeoutSec=10 potatoes",
    "FailedTokensPerMinute=0", "FailedTokensPerMinute=1001", "FailedTokensPerMinute=",
  ])
  func valuesOfControlOutOfRange(line: String) {
    let key = line.prefix { $0 != "=" }
    #expect(places(main("\n[Control]\n\(line)")) == ["3 \(key)"])
  }

  @Test(arguments: [
    ("60", 60), ("1min", 60), ("1d", 86_400), ("86400s", 86_400), ("0.5h", 1800),
    ("1h 30min", 5400), ("1h30min", 5400), ("60000ms", 60),
  ])
  func windows(text: String, seconds: Int64) throws {
    let settings = try Settings.parse([main("[Protection]\nMaxWindowSec=\(text)")]).settings
    #expect(settings.maxWindow == seconds)
  }

  @Test(arguments: ["59", "59.9s", "86401", "1d 1s", "0", "infinity", "60.5s", "1w", "-1h", "h"])
  func windowsOutOfRange(text: String) {
    #expect(places(main("[Protection]\nMaxWindowSec=\(text)")) == ["2 MaxWindowSec"])
  }

  @Test(arguments: LocalGuards.allCases)
  func localGuards(choice: LocalGuards) throws {
    let text = "[Protection]\nLocalGuards=\(choice.rawValue)"
    #expect(try Settings.parse([main(text)]).settings.localGuards == choice)
  }

  @Test(arguments: ["Packaged", "yes", "any none", "\"any\"", "pac\u{212A}aged"])
  func noLocalGuards(text: String) {
    #expect(places(main("[Protection]\nLocalGuards=\(text)")) == ["2 LocalGuards"])
  }

  @Test func laterFilesOverrideEarlierOnesByName() throws {
    let sources = [
      dropIn("20-b.conf", "[Control]\nMaxConnections=20\n"),
      service("[Service]\nUnit=web.service\n"),
      dropIn("10-a.conf", "[Control]\nMaxConnections=10\nMaxConnectionsPerUser=1\n"),
      main("[Control]\nMaxConnections=5\nFailedTokensPerMinute=2\n"),
      dropIn("3.conf", "[Protection]\nLocalGuards=any\n"),
    ]
    let expected = Settings(
      control: ControlLimits(
        maxConnections: 20, maxConnectionsPerUser: 1, failedTokensPerMinute: 2), localGuards: .any)
    #expect(try Settings.parse(sources).settings == expected)
    #expect(try Settings.parse(sources.reversed()).settings == expected)
  }

  @Test func theDirectorySaysWhatAFileIs() {
    #expect(main("").kind == .main)
    #expect(dropIn("a.conf", "").kind == .dropIn)
    #expect(service("").kind == .service)
    #expect(ConfigurationSource(path: "x", text: "", kind: .service).kind == .service)
  }

  @Test(arguments: [
    Settings.standard,
    Settings(
      control: ControlLimits(
        maxConnections: 1, maxConnectionsPerUser: 1024, firstLineTimeout: 100_000,
        failedTokensPerMinute: 1000), maxWindow: 60, localGuards: .none),
    Settings(
      control: ControlLimits(firstLineTimeout: 123_456_789), maxWindow: 86_400, localGuards: .any),
    Settings(maxWindow: 3661, bearer: .never, mode: .audit),
    Settings(ledger: LedgerRoom(fileSize: 65_537, maxUse: 1 << 40)),
  ])
  func renderedSettingsReadBackTheSame(settings: Settings) throws {
    #expect(try Settings.parse([main(settings.render())]).settings == settings)
  }

  @Test func settingsRenderAsAPersonWouldWriteThem() {
    #expect(
      Settings.standard.render() == """
        [Control]
        MaxConnections=64
        MaxConnectionsPerUser=16
        FirstLineTimeoutSec=10s
        FailedTokensPerMinute=10

        [Protection]
        MaxWindowSec=1h
        Bearer=always
        LocalGuards=packaged
        Mode=enforce

        [Ledger]
        FileSize=1M
        MaxUse=128M

        """)
  }

  @Test(arguments: [
    "FileSize=64K", "FileSize=65536", "FileSize=64M", "MaxUse=1M", "MaxUse=1T", "MaxUse=1024G",
  ])
  func roomForTheLedger(line: String) {
    #expect(places(main("[Ledger]\n\(line)")) == [])
  }

  @Test(arguments: [
    "FileSize=63K", "FileSize=65M", "FileSize=4", "FileSize=4m", "FileSize=4MB", "FileSize=4 M",
    "FileSize=-4M", "FileSize=04M", "FileSize=M", "FileSize=4.5M", "FileSize=٤M", "MaxUse=1023K",
    "MaxUse=2T", "MaxUse=9223372036854775807T", "MaxUse=infinity",
  ])
  func roomForTheLedgerOutOfRange(line: String) {
    let key = line.prefix { $0 != "=" }
    #expect(places(main("[Ledger]\n\(line)")) == ["2 \(key)"])
  }
}
