package import JSON
internal import Protection

/// The settings of a signed profile: the configuration's own sections and keys, each with the text
/// that a file would have after its `=`, and in `[Protection]` whether there is protection at all.
///
///     {"Protection": {"Enabled": "yes", "MaxWindowSec": "30min"},
///      "Service": [{"Unit": "filebeat.service", "Upgrades": "token", "Files": ["/etc/x"]}]}
///
/// What a profile does not name stays as it is, but for `Enabled`: without it there is protection.
package struct ProfileSettings: Sendable, Equatable {
  /// Whether this host protects anything. `[Protection] Enabled=`
  package private(set) var isEnabled = true
  /// The host's settings that it names: `[Control] MaxConnections`.
  package private(set) var named: Set<String> = []
  /// The services that it names, in its order.
  package var units: [String] { services.map(\.unit) }

  /// Values where it names one, defaults elsewhere.
  private var values = Settings.standard
  private var services: [Service] = []
  private var sections: [Section] = []

  private struct Service: Sendable, Equatable {
    let unit: String
    let items: [SyntaxReader.Item]
  }

  private struct Section: Sendable, Equatable {
    let name: String
    var settings: [(key: String, values: [String])] = []

    static func == (left: Section, right: Section) -> Bool {
      left.name == right.name
        && left.settings.elementsEqual(right.settings) {
          $0.key == $1.key && $0.values == $1.values
        }
    }
  }

  /// Only ever part of a profile, because no file here can switch protection off.
  private static let enabled = "Enabled"
  private static let service = "Service"

  // MARK: Reading

  /// - Throws: a sentence for each thing that is wrong.
  package init(_ json: JSON) throws(ConfigurationIssues) {
    var issues = IssueList(file: "profile")
    for member in json.members ?? [] {
      if member.name == Self.service {
        guard let list = member.value.array else {
          issues.add(line: 0, key: Self.service, "It is not a list of services.")
          continue
        }
        for value in list { sections.append(Self.section(Self.service, value, &issues)) }
      } else {
        sections.append(Self.section(member.name, member.value, &issues))
      }
    }
    if json.members == nil { issues.add(line: 0, "The settings are not an object.") }
    read(&issues)
    guard issues.isEmpty else { throw ConfigurationIssues(issues: issues.finished()) }
  }

  /// Reads a file in the configuration's syntax, which may have several `[Service]` sections.
  package init(_ source: ConfigurationSource) throws(ConfigurationIssues) {
    var issues = IssueList(file: source.path)
    for item in SyntaxReader.items(of: source.bytes, issues: &issues) {
      switch item {
      case .brokenSection: break
      case .section(let name, _):
        if name == Self.service || !sections.contains(where: { $0.name == name }) {
          sections.append(Section(name: name))
        } else {
          issues.add(line: 0, "The section [\(name)] stands twice.")
        }
      case .assignment(let key, let value, _):
        guard !sections.isEmpty else { continue }
        let last = sections.count - 1
        if let at = sections[last].settings.firstIndex(where: { $0.key == key }) {
          sections[last].settings[at].values.append(value)
        } else {
          sections[last].settings.append((key, [value]))
        }
      }
    }
    read(&issues)
    guard issues.isEmpty else { throw ConfigurationIssues(issues: issues.finished()) }
  }

  private static func section(
    _ name: String, _ value: JSON, _ issues: inout IssueList
  ) -> Section {
    var section = Section(name: name)
    guard let members = value.members else {
      issues.add(line: 0, key: name, "It is not an object of settings.")
      return section
    }
    for member in members {
      let values = member.value.array ?? [member.value]
      let isList = member.value.array != nil
      let texts = values.compactMap { text($0).map { isList ? WordList.quoted($0) : $0 } }
      if texts.count < values.count {
        issues.add(
          line: 0, key: member.name, "It is no text, number, truth value or list of texts.")
      }
      // An empty list is one that is set, and has nothing in it.
      section.settings.append((member.name, texts.isEmpty ? [""] : texts))
    }
    return section
  }

  private static func text(_ value: JSON) -> String? {
    switch value {
    case .string(let text):
      text.unicodeScalars.contains { $0.isForbiddenControl || $0 == "\n" } ? nil : text
    case .integer(let number): "\(number)"
    case .bool(let truth): truth ? "yes" : "no"
    case .null, .array, .object: nil
    }
  }

  private mutating func read(_ issues: inout IssueList) {
    var host: [SyntaxReader.Item] = []
    for section in sections {
      var settings = section.settings
      if section.name == "Protection",
        let index = settings.firstIndex(where: { $0.key == Self.enabled })
      {
        let values = settings.remove(at: index).values
        if values.count == 1, let truth = ValueReader.boolean(values[0]) {
          isEnabled = truth
        } else {
          issues.add(line: 0, key: Self.enabled, "It is not yes or no.")
        }
      }
      let items = settings.flatMap { setting in
        setting.values.map {
          SyntaxReader.Item.assignment(key: setting.key, value: $0.trimmed, line: 0)
        }
      }
      if section.name == Self.service {
        readService(items, &issues)
      } else {
        host += [.section(name: section.name, line: 0)] + items
      }
    }
    named = Schema.settings.read(host, into: &values, issues: &issues)
  }

  private mutating func readService(
    _ items: [SyntaxReader.Item], _ issues: inout IssueList
  ) {
    var draft = GuardSettings.Draft()
    let all = [SyntaxReader.Item.section(name: Self.service, line: 0)] + items
    Schema.service.read(all, into: &draft, issues: &issues)
    guard let unit = draft.unit else {
      return issues.add(line: 0, key: "Unit", "A service has no name: it needs Unit.")
    }
    guard !services.contains(where: { $0.unit == unit }) else {
      return issues.add(line: 0, key: "Unit", "\(unit) stands twice.")
    }
    services.append(Service(unit: unit, items: all))
    if services.count > GuardSettings.maxServices {
      issues.add(line: 0, "At most \(GuardSettings.maxServices) services are protected.")
    }
  }

  // MARK: Writing

  /// As a profile has it.
  package var json: JSON {
    var members: [JSON.Member] = []
    for section in sections where section.name != Self.service {
      members.append(.init(name: section.name, value: Self.json(section)))
    }
    let services = sections.filter { $0.name == Self.service }
    if !services.isEmpty {
      members.append(.init(name: Self.service, value: .array(services.map(Self.json))))
    }
    return .object(members)
  }

  private static func json(_ section: Section) -> JSON {
    .object(
      section.settings.map { setting in
        let words = setting.values.flatMap { (try? WordList.words(of: $0)) ?? [$0] }
        let isList = Schema.service.isList(setting.key)
        return .init(
          name: setting.key,
          value: isList ? .array(words.map { .string($0) }) : .string(setting.values.last ?? ""))
      })
  }

  /// The settings as a file in the configuration's syntax, which reads as the same settings.
  package var text: String {
    sections.map { section in
      "[\(section.name)]\n"
        + section.settings.map { setting in
          setting.values.map { "\(setting.key)=\($0)\n" }.joined()
        }.joined()
    }.joined(separator: "\n")
  }

  // MARK: Putting to work

  /// The host's settings with what this names put in their place.
  package func applied(to settings: Settings) -> Settings {
    settings.taking(named, from: values)
  }

  /// The services with what this names put in their place, and those that it adds.
  package func applied(to guards: [GuardSettings]) -> [GuardSettings] {
    var result = guards.map { guarded in
      services.first { $0.unit == guarded.unit }.map { Self.applied($0, to: guarded) } ?? guarded
    }
    for service in services where !guards.contains(where: { $0.unit == service.unit }) {
      result.append(Self.applied(service, to: GuardSettings(unit: service.unit)))
    }
    return result
  }

  /// Files are added to those there are, the other lists replaced.
  private static func applied(_ service: Service, to guarded: GuardSettings) -> GuardSettings {
    var draft = GuardSettings.Draft(
      unit: guarded.unit, upgrades: guarded.upgrades, files: guarded.extraFiles,
      mode: guarded.mode, logs: guarded.logs, allowSignals: guarded.allowSignals)
    for item in service.items {
      switch item {
      case .assignment("Logs", _, _): draft.logs = []
      case .assignment("AllowSignals", _, _): draft.allowSignals = []
      default: break
      }
    }
    // What is wrong by itself was refused when it was read; what is too many now is left out.
    var issues = IssueList(file: "profile")
    Schema.service.read(service.items, into: &draft, issues: &issues)
    return GuardSettings(
      unit: guarded.unit, upgrades: draft.upgrades, extraFiles: draft.files, mode: draft.mode,
      logs: draft.logs, allowSignals: draft.allowSignals)
  }

  /// What files on the host say, with the profile's word over theirs: of the host's settings the
  /// profile's counts where no file names one, or a looser one; of a service that it names, what it
  /// names always counts.
  package func governing(_ reading: ConfigurationReading) -> ConfigurationReading {
    var reading = reading
    let mine = applied(to: reading.settings)
    let looser = Settings.change(from: mine, to: reading.settings).filter(\.loosens).map(\.key)
    reading.settings = reading.settings.taking(
      named.subtracting(reading.named).union(looser), from: mine)
    reading.guards = applied(to: reading.guards)
    return reading
  }
}
