import Protection
import Testing

@testable import HostConfiguration

@Suite struct GuardTests {
  private func read(_ text: String) throws -> [GuardSettings] {
    try Settings.parse([service(text)]).guards
  }

  @Test func oneLineIsEnough() throws {
    #expect(
      try read("[Service]\nUnit=filebeat.service\n") == [
        GuardSettings(unit: "filebeat.service", upgrades: .token, extraFiles: [])
      ])
  }

  @Test func everyKeyIsTaken() throws {
    let text = """
      [Service]
      Unit=app@1.service
      Upgrades=token
      Files=/etc/app/a.yml "/etc/app/b c.yml"
      Files=/opt/app/run
      Files=/etc/app/a.yml
      """
    #expect(
      try read(text) == [
        GuardSettings(
          unit: "app@1.service", upgrades: .token,
          extraFiles: ["/etc/app/a.yml", "/etc/app/b c.yml", "/opt/app/run"])
      ])
  }

  @Test func anEmptyAssignmentResetsTheList() throws {
    let text = "[Service]\nUnit=a.service\nFiles=/a /b\nFiles=\nFiles=/c\n"
    #expect(try read(text).first?.extraFiles == ["/c"])
  }

  @Test(arguments: [
    "a.service", "A-b_c.d:e@f\\x2d.service", "a@b@c.service", "9.service", ".a.service",
    String(repeating: "x", count: 247) + ".service",
  ])
  func unitNames(name: String) throws {
    #expect(try read("[Service]\nUnit=\(name)\n").first?.unit == name)
  }

  @Test(arguments: [
    "a", ".service", "a.socket", "a.service.d", "@a.service", "a@.service", "a/b.service",
    "ä.service", "a b.service", "\"a.service\"", "a.Service", "a.service b.service", "*.service",
    String(repeating: "x", count: 248) + ".service",
  ])
  func noUnitNames(name: String) {
    #expect(places(service("[Service]\nUnit=\(name)\n")) == ["2 Unit"])
  }

  @Test(arguments: [
    ("", ["0 Unit"]),
    ("# nothing\n\n[Service]\n", ["3 Unit"]),
    ("[Service]\nUpgrades=token\n", ["1 Unit"]),
    ("[Service]\nUnit=\n", ["2 Unit"]),
    ("[Service]\nUnit=a.service\nUnit=b.service\n", ["3 Unit"]),
    ("[Service]\nUnit=a.service\nUpgrades=never\n", ["3 Upgrades"]),
    ("[Service]\nUnit=a.service\nUpgrades=\n", ["3 Upgrades"]),
    ("[Service]\nUnit=a.service\nMode=watch\n", ["3 Mode"]),
    ("[Service]\nUnit=a.service\nMode=\n", ["3 Mode"]),
    ("[Service]\nUnit=a.service\nUpgrades=token\nUpgrades=token\n", ["4 Upgrades"]),
    ("[Control]\nMaxConnections=1\n[Service]\nUnit=a.service\n", ["1 -"]),
    ("[Service]\nUnit=a.service\nExec=/bin/sh\n", ["3 Exec"]),
    ("[Service]\nUnit=a.service\nFiles=relative\n", ["3 Files"]),
    ("[Service]\nUnit=a.service\nFiles=/a\nFiles=\"/b\n", ["4 Files"]),
  ])
  func mistakes(text: String, expected: [String]) {
    #expect(places(service(text)) == expected)
    #expect(Settings.read([service(text)]).guards == [])
  }

  @Test func theRestIsAsWritten() throws {
    let text = """
      [Service]
      Unit=a.service
      Upgrades=any
      Mode=audit
      Logs=/var/log/a/*.log "/var/log/a b.log"
      AllowSignals=HUP USR1
      """
    let expected = GuardSettings(
      unit: "a.service", upgrades: .any, mode: .audit,
      logs: ["/var/log/a/*.log", "/var/log/a b.log"], allowSignals: ["HUP", "USR1"])
    #expect(try read(text) == [expected])
  }

  @Test func nothingIsNotTheSameAsUnsaid() throws {
    let reset = try read("[Service]\nUnit=a.service\nLogs=\nAllowSignals=\n")
    #expect(reset == [GuardSettings(unit: "a.service", logs: [], allowSignals: [])])
    #expect(try read("[Service]\nUnit=a.service\n") == [GuardSettings(unit: "a.service")])
  }

  @Test(arguments: ["/*", "/var/*", "/var/*/a.log", "/etc", "/var/log", "var/log/a", "/v[a]r/x/y"])
  func patternsThatReachTooFar(pattern: String) {
    #expect(places(service("[Service]\nUnit=a.service\nLogs=\(pattern)\n")) == ["3 Logs"])
  }

  @Test(arguments: ["KILL", "TERM", "STOP", "hup", "SIGHUP", "1"])
  func signalsThatAreNotAllowed(signal: String) {
    let text = "[Service]\nUnit=a.service\nAllowSignals=\(signal)\n"
    #expect(places(service(text)) == ["3 AllowSignals"])
  }

  @Test(arguments: [
    "/", "/a/", "//a", "/a//b", "/a/./b", "/a/../b", "/..", "/a/*.yml", "/a/?", "a", "./a", "~/a",
    #"/a\nb"#, #"/a\x00b"#, "/" + String(repeating: "x", count: 4095),
  ])
  func noPaths(path: String) {
    #expect(places(service("[Service]\nUnit=a.service\nFiles=\(path)\n")) == ["3 Files"])
  }

  @Test(arguments: [
    "/a", "/a/b.c", "/.a", "/a/..b", "/a/...", "/a%b", "/ä", "/a[b]", "/a=b", "/a#b", "/a;b",
    "/" + String(repeating: "x", count: 4094),
  ])
  func paths(path: String) throws {
    #expect(try read("[Service]\nUnit=a.service\nFiles=\(path)\n").first?.extraFiles == [path])
  }

  @Test func atMost256FilesAreNamed() {
    let lines = (1...257).map { "Files=/f\($0)\n" }
    let most = "[Service]\nUnit=a.service\n" + lines.dropLast().joined()
    #expect(places(service(most)) == [])
    #expect(places(service(most + lines[256])) == ["259 Files"])
  }

  @Test func oneUnitHasOneFile() {
    let sources = ["b.conf", "a.conf"].map {
      service("[Service]\nUnit=web.service\n", name: $0)
    }
    let reading = Settings.read(sources)
    #expect(reading.guards == [GuardSettings(unit: "web.service")])
    #expect(reading.issues.map(\.file) == ["/etc/holdfast/services.d/b.conf"])
    #expect(reading.issues.first?.message.contains("services.d/a.conf") == true)
  }

  @Test func atMost64ServicesAreProtected() {
    let sources = (101...165).map {
      service("[Service]\nUnit=s\($0).service\n", name: "\($0).conf")
    }
    let reading = Settings.read(sources)
    #expect(reading.guards.count == 64)
    #expect(reading.issues.map(\.file) == ["/etc/holdfast/services.d/165.conf"])
  }

  @Test(arguments: [
    GuardSettings(unit: "a.service"),
    GuardSettings(unit: "a@b\\x2dc.service"),
    GuardSettings(unit: "a.service", upgrades: .any, mode: .audit, logs: [], allowSignals: []),
    GuardSettings(
      unit: "a.service", mode: .enforce, logs: ["/var/log/a b.log", "/var/log/*.log"],
      allowSignals: ["HUP", "WINCH"]),
    GuardSettings(
      unit: "a.service",
      extraFiles: ["/a", "/a b", "/it's", "/a\"b", #"/a\b"#, #"/ends\"#, "/#a", "/ä", "/a  b"]),
  ])
  func renderedGuardsReadBackTheSame(settings: GuardSettings) throws {
    #expect(try read(settings.render()) == [settings])
  }

  @Test func theFileIsNamedAfterTheUnit() {
    #expect(GuardSettings(unit: "filebeat.service").fileName == "filebeat.conf")
  }
}
