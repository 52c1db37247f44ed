import Linux

/// Words: making other people's text safe to print, and putting sentences together.
enum Text {
  /// A text without what could move the cursor, change its colour or turn its order around:
  /// control and format characters and line separators become spaces or go.
  static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        result.unicodeScalars.append(" ")
      case .format, .privateUse, .surrogate:
        continue
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// What keeps a text from being one word of a request; nil where nothing does.
  static func problem(inWord text: String) -> String? {
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control { return "a control character" }
      if scalar.properties.isWhitespace { return "a space" }
    }
    return nil
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// Ends with a full stop, unless it ends with a sign of its own (or a command to type).
  static func sentence(_ text: String) -> String {
    guard let last = text.last, last.isLetter || last.isNumber || ")`]'\"".contains(last) else {
      return text
    }
    return text + "."
  }

  /// A sentence's text after a colon: `The token…` goes on as `the token…`, names stay.
  static func continued(_ sentence: String) -> String {
    let openers: Set<Substring> = [
      "A", "An", "At", "It", "Its", "No", "Not", "Nothing", "Only", "That", "The", "There", "This",
      "You",
    ]
    guard let word = sentence.split(separator: " ").first, openers.contains(word) else {
      return sentence
    }
    return sentence.prefix(1).lowercased() + sentence.dropFirst()
  }

  static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// `1 file`, `2 files`.
  static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(number) \(number == 1 ? one : many ?? one + "s")"
  }

  /// `once`, `3 times`.
  static func times(_ number: Int64) -> String {
    number == 1 ? "once" : "\(number) times"
  }

  static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Why something failed, as part of a sentence.
  static func reason(of error: SystemError) -> String {
    switch error.errno {
    case ErrorNumber.noSuchFile: "there is no such file"
    case ErrorNumber.accessDenied, ErrorNumber.notPermitted: "permission denied"
    case ErrorNumber.isADirectory: "it is a directory"
    case ErrorNumber.notADirectory: "part of its path is no directory"
    case ErrorNumber.noSpace: "no space left on the device"
    case ErrorNumber.inputOutput: "input/output error"
    case ErrorNumber.tooManySymlinks: "too many symbolic links"
    case ErrorNumber.notExecutable: "it is no program"
    default: error.reason
    }
  }
}

/// Rows of columns, each as wide as its widest cell; the last one flows.
struct Table {
  /// A cell and the colour that goes over it once it has been padded.
  struct Cell: ExpressibleByStringInterpolation {
    let text: String
    let paint: (String) -> String

    init(_ text: String, paint: @escaping (String) -> String = { $0 }) {
      self.text = text
      self.paint = paint
    }

    init(stringLiteral text: String) {
      self.init(text)
    }
  }

  private var rows: [[Cell]] = []

  mutating func add(_ row: [Cell]) {
    rows.append(row)
  }

  func lines(indent: String = "  ", gap: String = "   ") -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0
    }
    return rows.map { row in
      // No trailing spaces: empty cells at the end of a row are no cells.
      let last = row.lastIndex { !$0.text.isEmpty } ?? -1
      let cells = row.prefix(last + 1).enumerated().map { column, cell in
        let rest = column == last ? "" : Text.padded("", to: widths[column] - cell.text.count)
        return (cell.text.isEmpty ? "" : cell.paint(cell.text)) + rest
      }
      return indent + cells.joined(separator: gap)
    }
  }
}
