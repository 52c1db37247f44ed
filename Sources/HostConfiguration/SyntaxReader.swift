/// Reads the lines of one file as systemd.syntax(7) has them: sections, assignments, comments
/// after `#` and `;`, and lines that go on after a backslash.
///
/// Stricter than systemd, which logs and goes on: whatever is not understood is an issue, and so
/// are bytes that are no UTF-8 text. What the settings mean is not known here.
struct SyntaxReader {
  /// A line that says something, with the number (from 1) of the line that it begins on.
  enum Item: Equatable {
    case section(name: String, line: Int)
    case assignment(key: String, value: String, line: Int)
    /// A section header that could not be read: what follows belongs nowhere.
    case brokenSection(line: Int)
  }

  private(set) var items: [Item] = []
  private var hasSection = false

  /// Reads a whole file; what is wrong with it goes to `issues`.
  static func items(of bytes: [UInt8], issues: inout IssueList) -> [Item] {
    guard bytes.count <= ConfigurationSource.maxBytes else {
      issues.add(
        line: 0,
        "The file has \(bytes.count) bytes; at most \(ConfigurationSource.maxBytes) are read.")
      return []
    }
    var reader = SyntaxReader()
    reader.read(bytes, issues: &issues)
    return reader.items
  }

  private mutating func read(_ bytes: [UInt8], issues: inout IssueList) {
    /// The line being put together: nil text once a part of it was no text.
    var pending: (text: String?, line: Int)?
    var lines = bytes[...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }

    for (index, raw) in lines.enumerated() {
      let number = index + 1
      var text = Self.text(of: raw, isFirst: index == 0, line: number, issues: &issues)
      if let text, Self.isComment(text) { continue }
      let continues = text.map(Self.endsInBackslash) ?? false
      if continues { text = text.map { $0.dropLast() + " " } }

      if let begun = pending {
        pending = (Self.joined(begun.text, text), begun.line)
      } else {
        pending = (text, number)
      }
      if continues { continue }
      finish(&pending, issues: &issues)
    }

    if let begun = pending {
      issues.add(line: begun.line, "The line ends in a backslash, but no line follows.")
      finish(&pending, issues: &issues)
    }
  }

  /// What one line of the file says, or nil where it is no text.
  private static func text(
    of raw: ArraySlice<UInt8>, isFirst: Bool, line: Int, issues: inout IssueList
  ) -> String? {
    var raw = raw
    if raw.last == UInt8(ascii: "\r") { raw.removeLast() }
    if isFirst, raw.starts(with: [0xEF, 0xBB, 0xBF]) { raw = raw.dropFirst(3) }
    guard let text = String(validating: raw, as: UTF8.self) else {
      issues.add(line: line, "The line is not UTF-8 text.")
      return nil
    }
    if let control = text.unicodeScalars.first(where: { $0.isForbiddenControl }) {
      let name = control == "\0" ? "a NUL byte" : "the control character \(control.codePoint)"
      issues.add(line: line, "The line holds \(name).")
      return nil
    }
    return text
  }

  private static func isComment(_ text: String) -> Bool {
    let first = text.utf8.first { !$0.isBlank }
    return first == UInt8(ascii: "#") || first == UInt8(ascii: ";")
  }

  /// Whether the last byte is a backslash that no other backslash escapes.
  private static func endsInBackslash(_ text: String) -> Bool {
    text.utf8.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
  }

  private static func joined(_ first: String?, _ second: String?) -> String? {
    guard let first, let second else { return nil }
    return first + second
  }

  /// Takes the line that was put together for what it is.
  private mutating func finish(
    _ pending: inout (text: String?, line: Int)?, issues: inout IssueList
  ) {
    defer { pending = nil }
    guard let begun = pending, let text = begun.text else { return }
    let line = begun.line
    let content = text.trimmed
    if content.isEmpty { return }
    if content.utf8.first == UInt8(ascii: "[") {
      readHeader(content, line: line, issues: &issues)
    } else {
      readAssignment(content, line: line, issues: &issues)
    }
  }

  private mutating func readHeader(_ content: String, line: Int, issues: inout IssueList) {
    hasSection = true
    let name = String(content.dropFirst().dropLast())
    guard content.utf8.last == UInt8(ascii: "]"), !name.isEmpty,
      !name.utf8.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") })
    else {
      issues.add(line: line, "This is no section header; one looks like [Control].")
      items.append(.brokenSection(line: line))
      return
    }
    items.append(.section(name: name, line: line))
  }

  private mutating func readAssignment(_ content: String, line: Int, issues: inout IssueList) {
    guard let equals = content.utf8.firstIndex(of: UInt8(ascii: "=")) else {
      issues.add(line: line, "The line is no setting: it has no \"=\".")
      return
    }
    let key = String(content[..<equals]).trimmed
    guard !key.isEmpty else {
      issues.add(line: line, "There is no name before the \"=\".")
      return
    }
    guard hasSection else {
      issues.add(line: line, key: key, "The setting stands before any section, such as [Control].")
      return
    }
    let value = String(content[content.utf8.index(after: equals)...]).trimmed
    items.append(.assignment(key: key, value: value, line: line))
  }
}

extension UInt8 {
  /// A space or a tab: what may surround names and values.
  var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension String {
  /// The text without the spaces and tabs around it.
  var trimmed: String {
    let start = utf8.firstIndex { !$0.isBlank } ?? utf8.endIndex
    let end = utf8.lastIndex { !$0.isBlank }.map { utf8.index(after: $0) } ?? start
    return String(self[start..<end])
  }
}

extension Unicode.Scalar {
  /// A control character (C0, DEL, C1) other than the tab: none has business in a setting.
  var isForbiddenControl: Bool {
    self != "\t" && properties.generalCategory == .control
  }

  /// `U+001B` and the like.
  var codePoint: String {
    let digits = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
