/// One setting of a section, and how its text becomes part of a `Target`.
struct Setting<Target>: Sendable {
  /// Spelt as in the file; case counts.
  let name: String
  /// Whether the setting may stand repeatedly, each time adding to a list.
  var isList = false
  /// Takes a value that is not empty, or says what is wrong with it.
  let take: @Sendable (inout Target, String) throws(ValueProblem) -> Void
  /// Takes the empty value, which resets a list; nil where a value must be given.
  var reset: (@Sendable (inout Target) -> Void)?
}

/// The sections and settings that a kind of file may have.
struct Schema<Target>: Sendable {
  struct Section: Sendable {
    let name: String
    let settings: [Setting<Target>]
  }

  let sections: [Section]
  /// Sections that exist in other files, with a hint where.
  let elsewhere: [String: String]

  /// Puts what a file says into `target`; each setting that is wrong is left as it was.
  ///
  /// - Returns: the settings that the file names: `[Control] MaxConnections`.
  @discardableResult
  func read(
    _ items: [SyntaxReader.Item], into target: inout Target, issues: inout IssueList
  ) -> Set<String> {
    var section: Section?
    var seen: [String: Int] = [:]
    for item in items {
      switch item {
      case .brokenSection:
        section = nil
      case .section(let name, let line):
        section = sections.first { $0.name.utf8.elementsEqual(name.utf8) }
        if section == nil { issues.add(line: line, unknownSection(name)) }
      case .assignment(let key, let value, let line):
        // The header was reported already.
        guard let section else { continue }
        guard let setting = section.settings.first(where: { $0.name.utf8.elementsEqual(key.utf8) })
        else {
          issues.add(line: line, key: key, unknownSetting(key, in: section))
          continue
        }
        let identity = "[\(section.name)] \(key)"
        if !setting.isList, let first = seen[identity] {
          issues.add(
            line: line, key: key, "The setting stands twice in this file, first on line \(first).")
          continue
        }
        seen[identity] = line
        do throws(ValueProblem) {
          try take(value, of: setting, into: &target)
        } catch {
          issues.add(line: line, key: key, error.message)
        }
      }
    }
    return Set(seen.keys)
  }

  /// Whether a setting may stand repeatedly, in whichever section it is.
  func isList(_ key: String) -> Bool {
    sections.contains { $0.settings.contains { $0.name == key && $0.isList } }
  }

  private func take(
    _ value: String, of setting: Setting<Target>, into target: inout Target
  ) throws(ValueProblem) {
    if !value.isEmpty {
      try setting.take(&target, value)
    } else if let reset = setting.reset {
      reset(&target)
    } else {
      throw ValueProblem("There is no value after the \"=\"; without the line the default holds.")
    }
  }

  private func unknownSection(_ name: String) -> String {
    if let place = elsewhere[name] { return "The section [\(name)] belongs into \(place)." }
    let names = sections.map { "[\($0.name)]" }.joined(separator: ", ")
    return "There is no section \(ValueReader.quoted(name)) here; there is \(names)."
  }

  private func unknownSetting(_ key: String, in section: Section) -> String {
    let other = sections.first { $0.settings.contains { $0.name == key } }
    if let other { return "The setting belongs into the section [\(other.name)]." }
    let unknown = "There is no such setting in [\(section.name)]"
    let similar = section.settings.map(\.name)
      .first { $0.lowercased() == key.lowercased() || Self.differByOne($0, key) }
    if let similar { return "\(unknown); did you mean \(similar)=?" }
    return "\(unknown); there is \(section.settings.map(\.name).joined(separator: ", "))."
  }

  /// Whether one character too many, too few, or another one makes the difference.
  private static func differByOne(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    let start = zip(left, right).prefix { $0 == $1 }.count
    let (restLeft, restRight) = (left.dropFirst(start), right.dropFirst(start))
    return restLeft.dropFirst().elementsEqual(restRight.dropFirst())
      || restLeft.dropFirst().elementsEqual(restRight)
      || restLeft.elementsEqual(restRight.dropFirst())
  }
}
