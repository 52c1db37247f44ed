internal import HostConfiguration
internal import Linux
internal import Protection

/// The settings in force: the last accepted copy in the daemon's own store, tightened by whatever
/// /etc/holdfast says. What would loosen is left alone there and does not count.
final class SettingsStore {
  private(set) var current = Settings.standard
  /// Per unit.
  private(set) var guards: [String: GuardSettings] = [:]
  /// What the profile in force says, over what /etc/holdfast does.
  private(set) var profile: ProfileSettings?
  /// What is wrong with the files in /etc/holdfast, for `status`; the host is `degraded` with it.
  private(set) var problems: [String] = []

  private let configuration: String
  private let vault: StateVault
  private static let folder = "accepted"

  init(paths: Paths, vault: StateVault) {
    configuration = paths.configuration
    self.vault = vault
  }

  /// What a reading came to.
  struct Outcome {
    var taken: [SettingChange] = []
    var refused: [SettingChange] = []
  }

  /// Loads the accepted copy, then what of /etc/holdfast may be taken.
  ///
  /// - Parameters:
  ///   - isOpen: whether loosening is allowed: nothing is protected.
  ///   - profile: the one that was accepted last.
  func load(isOpen: Bool, profile: ProfileSettings?) -> Outcome {
    self.profile = profile
    let stored = Settings.read(Self.sources(in: vault.places[0].path(Self.folder)))
    current = stored.settings
    guards = Dictionary(
      stored.guards.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first })
    return take(isOpen: isOpen)
  }

  /// Takes what /etc/holdfast says now.
  ///
  /// - Parameters:
  ///   - isOpen: everything is released, or nothing protected.
  ///   - open: the services that are released.
  func take(isOpen: Bool, open: Set<String> = []) -> Outcome {
    guard let reading = wished(by: profile) else { return Outcome() }
    let known = guards.values.sorted { $0.unit < $1.unit }
    var outcome = Outcome()
    if isOpen {
      outcome.taken =
        Settings.change(from: current, to: reading.settings)
        + GuardSettings.change(from: known, to: reading.guards)
      current = reading.settings
      guards = Dictionary(
        reading.guards.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first })
    } else {
      let settings = current.tightened(by: reading.settings)
      let services = GuardSettings.tightened(known, by: reading.guards, open: open)
      current = settings.value
      guards = Dictionary(
        services.value.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first })
      outcome = Outcome(
        taken: settings.taken + services.taken, refused: settings.refused + services.refused)
    }
    if !outcome.taken.isEmpty { store() }
    return outcome
  }

  /// What /etc/holdfast says, as far as a profile leaves it a say.
  ///
  /// - Returns: nil where a file cannot be understood, which is no reason to take half of it.
  private func wished(by profile: ProfileSettings?) -> ConfigurationReading? {
    let reading = Settings.read(Self.sources(in: configuration))
    problems = reading.issues.map(\.description)
    guard problems.isEmpty else { return nil }
    return profile?.governing(reading) ?? reading
  }

  // MARK: Profiles

  /// What a profile would make of the settings here.
  struct Plan {
    let profile: ProfileSettings
    /// What it asks for, loosening or not.
    let asked: [SettingChange]
    let settings: Settings
    let guards: [GuardSettings]
    let outcome: Outcome
    /// The files of the accepted copy.
    let change: StateVault.Change
  }

  /// Changes nothing yet. What files here say that is stricter goes on to count.
  func plan(_ profile: ProfileSettings) -> Plan {
    let known = guards.values.sorted { $0.unit < $1.unit }
    let (new, newGuards) = (profile.applied(to: current), profile.applied(to: known))
    let asked =
      Settings.change(from: current, to: new) + GuardSettings.change(from: known, to: newGuards)
    let reading = wished(by: profile)
    let settings = reading.map { new.tightened(by: $0.settings).value } ?? new
    let services =
      reading.map { GuardSettings.tightened(newGuards, by: $0.guards).value }
      ?? newGuards
    let taken =
      Settings.change(from: current, to: settings)
      + GuardSettings.change(from: known, to: services)
    return Plan(
      profile: profile, asked: asked, settings: settings, guards: services,
      outcome: Outcome(taken: taken), change: change(settings, services))
  }

  /// Puts to work what has been stored.
  func take(_ plan: Plan) {
    profile = plan.profile
    current = plan.settings
    guards = Dictionary(
      plan.guards.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// This boot lets go of everything and records: `holdfast=audit` on the kernel command line.
  var isAuditBoot = false

  /// Whether a service is protected or only watched.
  func mode(of unit: String) -> ProtectionMode {
    isAuditBoot ? .audit : guards[unit]?.mode ?? current.mode
  }

  /// Where a service's own file is.
  func file(for unit: String) -> String {
    "\(configuration)/services.d/\(GuardSettings(unit: unit).fileName)"
  }

  /// Writes a service that was added by `guard add` where administrators look for it.
  func add(_ unit: String) {
    let settings = guards[unit] ?? GuardSettings(unit: unit)
    guards[unit] = settings
    store()
    try? Files.makeDirectory("\(configuration)/services.d", mode: 0o755, parents: true)
    try? Files.writeAtomically(file(for: unit), settings.render(), mode: 0o644)
  }

  /// Forgets a service; its file stays an administrator's to mend.
  func drop(_ unit: String) {
    guards[unit] = nil
    store()
  }

  func remove(_ unit: String) {
    drop(unit)
    try? Files.remove(file(for: unit))
  }

  private func store() {
    do {
      try vault.apply(change(current, Array(guards.values)))
    } catch {
      problems.append("the accepted settings cannot be stored: \(error)")
    }
  }

  private func change(_ settings: Settings, _ guards: [GuardSettings]) -> StateVault.Change {
    let files = Self.contents(settings, guards)
    return StateVault.Change(
      writes: files.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 },
      removals: vault.seal.files.keys.filter {
        $0.hasPrefix("\(Self.folder)/") && files[$0] == nil
      }.sorted())
  }

  /// What the files of the accepted copy should hold, by name.
  private static func contents(
    _ settings: Settings, _ guards: [GuardSettings]
  ) -> [String: [UInt8]] {
    var files = ["\(folder)/holdfast.conf": Array(settings.render().utf8)]
    for settings in guards {
      files["\(folder)/services.d/\(settings.fileName)"] = Array(settings.render().utf8)
    }
    return files
  }

  func content(_ name: String) -> [UInt8]? {
    Self.contents(current, Array(guards.values))[name]
  }

  private static func sources(in directory: String) -> [ConfigurationSource] {
    let single = ["\(directory)/holdfast.conf"]
    let more = ["holdfast.conf.d", "services.d"].flatMap { name in
      ((try? Files.list("\(directory)/\(name)")) ?? []).filter { $0.hasSuffix(".conf") }
        .map { "\(directory)/\(name)/\($0)" }
    }
    return (single + more).compactMap { path in
      guard Files.exists(path) else { return nil }
      // One that is too large, or cannot be read, is reported like any other that is wrong.
      let bytes = (try? Files.read(path, limit: ConfigurationSource.maxBytes + 1)) ?? [0]
      return ConfigurationSource(path: path, bytes: bytes)
    }
  }
}
