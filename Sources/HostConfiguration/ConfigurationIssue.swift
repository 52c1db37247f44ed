/// Something in a configuration file that is not as it must be. A value: nothing is printed here.
package struct ConfigurationIssue: Error, Sendable, Equatable, CustomStringConvertible {
  package let file: String
  /// Counted from 1: where the setting, or the section's header, begins. 0 is the file as a whole.
  package let line: Int
  /// The setting's name, without its section and `=`.
  package let key: String?
  /// A sentence that says what is wrong and, where it is known, what would be right.
  package let message: String

  package init(file: String, line: Int, key: String?, message: String) {
    self.file = file
    self.line = line
    self.key = key
    self.message = message
  }

  /// `file:line: key: message`, which editors and people know from compilers.
  package var description: String {
    let place = line > 0 ? "\(file):\(line)" : file
    return key.map { "\(place): \($0): \(message)" } ?? "\(place): \(message)"
  }
}

/// Everything that is wrong with a set of configuration files, in reading order. Never empty.
package struct ConfigurationIssues: Error, Sendable, Equatable, CustomStringConvertible {
  package let issues: [ConfigurationIssue]

  package var description: String {
    issues.map(\.description).joined(separator: "\n")
  }
}

/// Collects the issues of one file. A file that is all wrong must not fill the memory.
struct IssueList {
  /// More issues than this in one file are only counted.
  static let limit = 1000

  let file: String
  private(set) var issues: [ConfigurationIssue] = []
  private var omitted = 0

  init(file: String) {
    self.file = file
  }

  var isEmpty: Bool { issues.isEmpty }

  mutating func add(line: Int, key: String? = nil, _ message: String) {
    guard issues.count < Self.limit else {
      omitted += 1
      return
    }
    issues.append(ConfigurationIssue(file: file, line: line, key: key, message: message))
  }

  /// The issues, in the order of their lines.
  func finished() -> [ConfigurationIssue] {
    // Stable, so that two issues of one line stay in the order in which they were found.
    var all = issues.enumerated()
      .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
      .map(\.element)
    if omitted > 0 {
      all.append(
        ConfigurationIssue(
          file: file, line: 0, key: nil,
          message: "\(omitted) more problems in this file are not listed."))
    }
    return all
  }
}
