internal import Protection

/// What a set of configuration files says, and what is wrong with it.
package struct ConfigurationReading: Sendable, Equatable {
  /// Defaults, where the files say nothing or something wrong.
  package var settings: Settings
  /// The settings that the files name, of those: `[Control] MaxConnections`.
  package var named: Set<String> = []
  /// One for each faultless file in `services.d`, by file name.
  package var guards: [GuardSettings]
  /// Nothing is left out here: not only the first.
  package var issues: [ConfigurationIssue]
}

extension Settings {
  /// Reads a set of files, in whatever order they come, if they are all as they must be.
  package static func parse(
    _ sources: [ConfigurationSource]
  ) throws(ConfigurationIssues) -> (settings: Settings, guards: [GuardSettings]) {
    let reading = read(sources)
    guard reading.issues.isEmpty else { throw ConfigurationIssues(issues: reading.issues) }
    return (reading.settings, reading.guards)
  }

  /// Reads a set of files, in whatever order they come: the main file first, then the drop-ins by
  /// file name, so that later ones override, then the services.
  package static func read(_ sources: [ConfigurationSource]) -> ConfigurationReading {
    var reading = ConfigurationReading(settings: .standard, guards: [], issues: [])
    for source in sources.filter({ $0.kind != .service }).sorted(by: isReadBefore) {
      var issues = IssueList(file: source.path)
      let items = SyntaxReader.items(of: source.bytes, issues: &issues)
      reading.named.formUnion(
        Schema.settings.read(items, into: &reading.settings, issues: &issues))
      reading.issues += issues.finished()
    }
    var files: [String: String] = [:]
    for source in sources.filter({ $0.kind == .service }).sorted(by: isReadBefore) {
      var issues = IssueList(file: source.path)
      if let guarded = GuardSettings.read(source, others: &files, issues: &issues) {
        reading.guards.append(guarded)
      }
      reading.issues += issues.finished()
    }
    return reading
  }

  private static func isReadBefore(_ left: ConfigurationSource, _ right: ConfigurationSource)
    -> Bool
  {
    if left.kind != right.kind { return left.kind == .main }
    return left.fileName.utf8.lexicographicallyPrecedes(right.fileName.utf8)
  }
}

extension GuardSettings {
  /// What is read from a file, before it is known to be whole.
  struct Draft {
    var unit: String?
    var upgrades = UpgradePolicy.token
    var files: [String] = []
    var mode: ProtectionMode?
    var logs: [String]?
    var allowSignals: [String]?
  }

  /// Reads one file of `services.d`.
  /// - Parameter others: the file of each service read before, by unit.
  /// - Returns: nil if there is anything wrong with it.
  static func read(
    _ source: ConfigurationSource, others: inout [String: String], issues: inout IssueList
  ) -> GuardSettings? {
    let items = SyntaxReader.items(of: source.bytes, issues: &issues)
    var draft = Draft()
    Schema.service.read(items, into: &draft, issues: &issues)

    let unitLine = items.firstNotNil { item in
      if case .assignment("Unit", _, let line) = item { line } else { nil }
    }
    if unitLine == nil, issues.isEmpty {
      let section = items.firstNotNil { item in
        if case .section(_, let line) = item { line } else { nil }
      }
      issues.add(
        line: section ?? 0, key: "Unit",
        "The file names no service: [Service] needs Unit=, such as Unit=filebeat.service.")
    }
    guard let unit = draft.unit else { return nil }
    if let other = others[unit] {
      issues.add(line: unitLine ?? 0, key: "Unit", "\(unit) is protected by \(other) already.")
    } else if others.count == maxServices {
      issues.add(
        line: unitLine ?? 0, key: "Unit", "At most \(maxServices) services are protected.")
    } else {
      others[unit] = source.path
    }
    guard issues.isEmpty else { return nil }
    return GuardSettings(
      unit: unit, upgrades: draft.upgrades, extraFiles: draft.files, mode: draft.mode,
      logs: draft.logs, allowSignals: draft.allowSignals)
  }
}

extension Sequence {
  fileprivate func firstNotNil<Result>(_ transform: (Element) -> Result?) -> Result? {
    for element in self {
      if let result = transform(element) { return result }
    }
    return nil
  }
}
