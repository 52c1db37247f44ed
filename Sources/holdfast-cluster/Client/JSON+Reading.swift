internal import JSON
internal import Linux

/// What replies say, fit for a terminal: hosts and people elsewhere chose some of these texts.
extension JSON {
  /// Empty where there is none.
  func text(_ name: String) -> String {
    switch self[name] {
    case .string(let text): Words.plain(text)
    case .integer(let number): String(number)
    default: ""
    }
  }

  func texts(_ name: String) -> [String] {
    self[name]?.array?.compactMap { $0.string.map(Words.plain) } ?? []
  }

  func time(_ name: String, none: String = "") -> String {
    self[name]?.integer.map { LocalTime.text($0) } ?? none
  }

  func flag(_ name: String) -> Bool { self[name]?.bool ?? false }

  /// An object without what is nil or null.
  static func some(_ members: KeyValuePairs<String, JSON?>) -> JSON {
    .object(
      members.compactMap { name, value in
        value.flatMap { $0.isNull ? nil : Member(name: name, value: $0) }
      })
  }

  static func texts(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
}

enum Words {
  /// Without what moves a cursor or turns the direction of writing.
  static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map {
          switch $0.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          default: $0
          }
        }))
  }

  /// `issueTokens` as `issue tokens`.
  static func apart(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
  }

  /// `1 agent`, `2 agents`.
  static func count(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}
