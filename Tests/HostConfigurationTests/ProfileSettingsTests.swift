import JSON
import Protection
import Testing

@testable import HostConfiguration

/// What a signed profile's settings say, and what comes of them beside the files of the host.
@Suite("Profile settings")
struct ProfileSettingsTests {
  private func read(_ json: JSON) throws -> ProfileSettings { try ProfileSettings(json) }

  @Test func itIsTheConfigurationsOwnKeys() throws {
    let profile = try read([
      "Control": ["MaxConnections": 32],
      "Protection": ["MaxWindowSec": "30min", "Mode": "audit"],
      "Service": [
        ["Unit": "a.service", "Files": ["/etc/a b", "/etc/c"], "AllowSignals": []],
        ["Unit": "b.service", "Mode": "enforce"],
      ],
    ])
    #expect(profile.isEnabled)
    #expect(
      profile.named == [
        "[Control] MaxConnections", "[Protection] MaxWindowSec", "[Protection] Mode",
      ])
    #expect(profile.units == ["a.service", "b.service"])
    var settings = Settings.standard
    settings.control.maxConnections = 32
    settings.maxWindow = 1_800
    settings.mode = .audit
    #expect(profile.applied(to: .standard) == settings)
    #expect(
      profile.applied(to: [GuardSettings(unit: "b.service", extraFiles: ["/x/y"], logs: ["/v/l/b"])]
      )
        == [
          GuardSettings(
            unit: "b.service", extraFiles: ["/x/y"], mode: .enforce, logs: ["/v/l/b"]),
          GuardSettings(
            unit: "a.service", extraFiles: ["/etc/a b", "/etc/c"], allowSignals: []),
        ])
    #expect(try ProfileSettings(profile.json) == profile)
  }

  @Test func aFileSaysTheSame() throws {
    let file = ConfigurationSource(
      path: "p.conf",
      text: """
        [Protection]
        Enabled=no
        MaxWindowSec=1h 30min

        [Service]
        Unit=a.service
        Files=/etc/a "/etc/b c"
        Files=/etc/d

        [Service]
        Unit=b.service
        """, kind: .main)
    let profile = try ProfileSettings(file)
    #expect(!profile.isEnabled)
    #expect(
      profile.json == [
        "Protection": ["Enabled": "no", "MaxWindowSec": "1h 30min"],
        "Service": [
          ["Unit": "a.service", "Files": ["/etc/a", "/etc/b c", "/etc/d"]],
          ["Unit": "b.service"],
        ],
      ])
    let back = try ProfileSettings(profile.json)
    #expect(back.applied(to: []) == profile.applied(to: []))
  }

  @Test(
    arguments: [
      [], "x", ["Protection": []], ["Protection": ["MaxWindowSec": "-1"]], ["Nothing": [:]],
      ["Protection": ["Enabled": "perhaps"]], ["Protection": ["Unknown": "1"]],
      ["Protection": ["MaxWindowSec": ["1h", "2h"]]], ["Protection": ["Mode": .null]],
      ["Protection": ["Mode": "audit\nEnabled=no"]], ["Service": [:]], ["Service": [[:]]],
      ["Service": [["Unit": "a"]]], ["Service": [["Unit": "a.service"], ["Unit": "a.service"]]],
      ["Service": [["Unit": "a.service", "Files": "relative"]]],
    ] as [JSON])
  func whatIsWrongIsRefused(_ json: JSON) {
    #expect(throws: ConfigurationIssues.self) { try ProfileSettings(json) }
  }

  @Test func noFileSwitchesProtectionOff() {
    #expect(places(main("[Protection]\nEnabled=no\n")) == ["2 Enabled"])
  }

  @Test func theHostsFilesOnlyTightenWhatItNames() throws {
    let profile = try read([
      "Protection": ["MaxWindowSec": "2h"], "Control": ["FailedTokensPerMinute": 20],
      "Service": [["Unit": "a.service", "Upgrades": "any"]],
    ])
    func governed(_ text: String) -> ConfigurationReading {
      profile.governing(
        Settings.read([main(text), service("[Service]\nUnit=a.service\nUpgrades=token\n")]))
    }
    // Silence is no stricter setting.
    #expect(governed("").settings.maxWindow == 7_200)
    #expect(governed("").settings.control.failedTokensPerMinute == 20)
    #expect(governed("").guards == [GuardSettings(unit: "a.service", upgrades: .any)])
    #expect(governed("[Protection]\nMaxWindowSec=10min\n").settings.maxWindow == 600)
    #expect(governed("[Protection]\nMaxWindowSec=3h\n").settings.maxWindow == 7_200)
    #expect(governed("[Protection]\nLocalGuards=any\n").settings.localGuards == .any)
  }
}
