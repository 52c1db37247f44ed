import Protection
import Testing

@testable import HostConfiguration

/// Tightening is free, loosening needs a token or a signed profile.
@Suite struct ChangeTests {
  private static func settings(_ edit: (inout Settings) -> Void) -> Settings {
    var settings = Settings.standard
    edit(&settings)
    return settings
  }

  @Test(arguments: [
    (
      settings { $0.control.maxConnections = 32 },
      SettingChange(key: "[Control] MaxConnections", old: "64", new: "32", loosens: false)
    ),
    (
      settings { $0.control.maxConnections = 128 },
      SettingChange(key: "[Control] MaxConnections", old: "64", new: "128", loosens: false)
    ),
    (
      settings { $0.control.maxConnectionsPerUser = 8 },
      SettingChange(key: "[Control] MaxConnectionsPerUser", old: "16", new: "8", loosens: false)
    ),
    (
      settings { $0.control.firstLineTimeout = 90_000_000 },
      SettingChange(
        key: "[Control] FirstLineTimeoutSec", old: "10s", new: "1min 30s", loosens: false)
    ),
    (
      settings { $0.control.failedTokensPerMinute = 9 },
      SettingChange(key: "[Control] FailedTokensPerMinute", old: "10", new: "9", loosens: false)
    ),
    (
      settings { $0.control.failedTokensPerMinute = 11 },
      SettingChange(key: "[Control] FailedTokensPerMinute", old: "10", new: "11", loosens: true)
    ),
    (
      settings { $0.maxWindow = 7200 },
      SettingChange(key: "[Protection] MaxWindowSec", old: "1h", new: "2h", loosens: true)
    ),
    (
      settings { $0.maxWindow = 60 },
      SettingChange(key: "[Protection] MaxWindowSec", old: "1h", new: "1min", loosens: false)
    ),
    (
      settings { $0.bearer = .never },
      SettingChange(key: "[Protection] Bearer", old: "always", new: "never", loosens: false)
    ),
    (
      settings { $0.localGuards = .any },
      SettingChange(key: "[Protection] LocalGuards", old: "packaged", new: "any", loosens: true)
    ),
    (
      settings { $0.localGuards = .none },
      SettingChange(key: "[Protection] LocalGuards", old: "packaged", new: "none", loosens: false)
    ),
    (
      settings { $0.mode = .audit },
      SettingChange(key: "[Protection] Mode", old: "enforce", new: "audit", loosens: true)
    ),
  ])
  func eachSettingKnowsItsDirection(new: Settings, expected: SettingChange) {
    #expect(Settings.change(from: .standard, to: new) == [expected])
    let taking = Settings.standard.tightened(by: new)
    #expect(taking.value == (expected.loosens ? .standard : new))
    #expect(taking.taken == (expected.loosens ? [] : [expected]))
    #expect(taking.refused == (expected.loosens ? [expected] : []))
  }

  @Test func sameSettingsAreNoChange() {
    #expect(Settings.change(from: .standard, to: .standard).isEmpty)
    #expect(Settings.standard.tightened(by: .standard).value == .standard)
  }

  @Test func looserThanNoneIsPackagedAndThenAny() {
    #expect(LocalGuards.allCases.sorted() == [.none, .packaged, .any])
  }

  @Test func lessRoomForTheLedgerLoosens() {
    func room(_ maxUse: Int64, file: Int64 = 1 << 20) -> Settings {
      Settings(ledger: LedgerRoom(fileSize: file, maxUse: maxUse))
    }
    let less = SettingChange(key: "[Ledger] MaxUse", old: "128M", new: "64M", loosens: true)
    #expect(Settings.standard.tightened(by: room(64 << 20)).refused == [less])
    #expect(Settings.standard.tightened(by: room(1 << 30)).value == room(1 << 30))
    #expect(
      Settings.change(from: .standard, to: room(128 << 20, file: 2 << 20)).map(\.loosens) == [false]
    )
  }

  @Test func bearerTokensComeBackWithPermissionOnly() {
    let change = SettingChange(
      key: "[Protection] Bearer", old: "never", new: "always", loosens: true)
    let taking = Settings(bearer: .never).tightened(by: .standard)
    #expect(taking == Taking(value: Settings(bearer: .never), taken: [], refused: [change]))
  }

  @Test func whatIsStricterIsTakenAndTheRestRefused() {
    let new = Settings(
      control: ControlLimits(maxConnections: 10, failedTokensPerMinute: 99), maxWindow: 600,
      localGuards: .any)
    let taking = Settings.standard.tightened(by: new)
    #expect(
      taking.value
        == Settings(control: ControlLimits(maxConnections: 10), maxWindow: 600))
    #expect(
      taking.refused.map(\.key) == ["[Control] FailedTokensPerMinute", "[Protection] LocalGuards"])
  }

  private let web = GuardSettings(unit: "web.service", extraFiles: ["/a", "/b"])

  @Test func aServiceComes() {
    let change = SettingChange(
      unit: "web.service", key: "[Service] Unit", old: nil, new: "web.service", loosens: false)
    #expect(GuardSettings.change(from: [], to: [web]) == [change])
    let taking = GuardSettings.tightened([], by: [web])
    #expect(taking == Taking(value: [web], taken: [change], refused: []))
  }

  @Test func aServiceGoes() {
    let change = SettingChange(
      unit: "web.service", key: "[Service] Unit", old: "web.service", new: nil, loosens: true)
    #expect(GuardSettings.change(from: [web], to: []) == [change])
    let taking = GuardSettings.tightened([web], by: [])
    #expect(taking == Taking(value: [web], taken: [], refused: [change]))
  }

  @Test func filesChange() {
    let new = GuardSettings(unit: "web.service", extraFiles: ["/c", "/b"])
    let changes = [
      SettingChange(
        unit: "web.service", key: "[Service] Files", old: "/a", new: nil, loosens: true),
      SettingChange(
        unit: "web.service", key: "[Service] Files", old: nil, new: "/c", loosens: false),
    ]
    #expect(GuardSettings.change(from: [web], to: [new]) == changes)
    let taking = GuardSettings.tightened([web], by: [new])
    #expect(taking.value == [GuardSettings(unit: "web.service", extraFiles: ["/a", "/b", "/c"])])
    #expect(taking.taken == [changes[1]])
    #expect(taking.refused == [changes[0]])
  }

  /// What `audit`, `any`, a log or a signal leaves open is taken in an open window alone.
  @Test(arguments: [
    (GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", upgrades: .any), true),
    (GuardSettings(unit: "a.service", upgrades: .any), GuardSettings(unit: "a.service"), false),
    (GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", mode: .audit), true),
    (GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", mode: .enforce), false),
    (
      GuardSettings(unit: "a.service", mode: .enforce), GuardSettings(unit: "a.service"), true
    ),
    (GuardSettings(unit: "a.service", mode: .audit), GuardSettings(unit: "a.service"), false),
    (
      GuardSettings(unit: "a.service", mode: .audit),
      GuardSettings(unit: "a.service", mode: .enforce), false
    ),
    (GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", logs: ["/v/l/a"]), true),
    (GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", logs: []), false),
    (
      GuardSettings(unit: "a.service", logs: ["/v/l/a", "/v/l/b"]),
      GuardSettings(unit: "a.service", logs: ["/v/l/b"]), false
    ),
    (GuardSettings(unit: "a.service", logs: []), GuardSettings(unit: "a.service"), true),
    (
      GuardSettings(unit: "a.service"), GuardSettings(unit: "a.service", allowSignals: ["HUP"]),
      true
    ),
  ])
  func eachServiceSettingKnowsItsDirection(old: GuardSettings, new: GuardSettings, loosens: Bool) {
    #expect(GuardSettings.change(from: [old], to: [new]).map(\.loosens) == [loosens])
    #expect(GuardSettings.tightened([old], by: [new]).value == [loosens ? old : new])
  }

  @Test func orderIsNoChange() {
    let other = GuardSettings(unit: "db.service")
    let swapped = GuardSettings(unit: "web.service", extraFiles: ["/b", "/a"])
    #expect(GuardSettings.change(from: [web, other], to: [other, swapped]).isEmpty)
  }

  @Test func pathsAreComparedByTheirBytes() {
    let composed = GuardSettings(unit: "web.service", extraFiles: ["/\u{E9}"])
    let decomposed = GuardSettings(unit: "web.service", extraFiles: ["/e\u{301}"])
    #expect(GuardSettings.change(from: [composed], to: [decomposed]).count == 2)
  }

  @Test func moreThan64ServicesAreRefused() {
    let old = (1...63).map { GuardSettings(unit: "old\($0).service") }
    let new = (1...2).map { GuardSettings(unit: "new\($0).service") }
    let taking = GuardSettings.tightened(old, by: old + new)
    #expect(taking.value == old + [new[0]])
    #expect(taking.taken.map(\.unit) == ["new1.service"])
    #expect(taking.refused.map(\.unit) == ["new2.service"])
  }

  /// Whatever is asked for, the outcome is never looser than before.
  @Test func tighteningNeverLoosens() {
    func anySettings() -> Settings {
      Settings(
        control: ControlLimits(failedTokensPerMinute: .random(in: 1...5)),
        maxWindow: .random(in: 60...65),
        localGuards: LocalGuards.allCases.randomElement() ?? .none,
        mode: ProtectionMode.allCases.randomElement() ?? .enforce)
    }
    func anyGuards() -> [GuardSettings] {
      (1...4).filter { _ in Bool.random() }.map { number in
        GuardSettings(
          unit: "s\(number).service",
          upgrades: Bool.random() ? .token : .any,
          extraFiles: ["/a", "/b", "/c"].filter { _ in Bool.random() },
          mode: [nil, .audit, .enforce].randomElement() ?? nil,
          logs: Bool.random() ? nil : ["/v/l/a", "/v/l/b"].filter { _ in Bool.random() },
          allowSignals: Bool.random() ? nil : ["HUP", "USR1"].filter { _ in Bool.random() })
      }
    }
    for _ in 0..<500 {
      let (old, new) = (anySettings(), anySettings())
      let settings = old.tightened(by: new)
      #expect(Settings.change(from: old, to: settings.value).filter(\.loosens) == [])
      #expect(Settings.change(from: settings.value, to: new) == settings.refused)

      let (before, wanted) = (anyGuards(), anyGuards())
      let guards = GuardSettings.tightened(before, by: wanted)
      #expect(GuardSettings.change(from: before, to: guards.value).filter(\.loosens) == [])
      #expect(GuardSettings.change(from: before, to: guards.value) == guards.taken)
      #expect(GuardSettings.change(from: guards.value, to: wanted) == guards.refused)
    }
  }
}
