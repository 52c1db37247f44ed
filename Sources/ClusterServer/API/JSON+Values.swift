internal import JSON

extension JSON {
  /// Null where there is none.
  static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

  static func number(_ number: Int64?) -> JSON { number.map { .integer($0) } ?? .null }

  static func texts(_ texts: [String]?) -> JSON {
    texts.map { .array($0.map { .string($0) }) } ?? .null
  }

  /// JSON that is kept as text.
  static func kept(_ text: String?) -> JSON {
    guard let text, let json = try? JSON.parse(Array(text.utf8)) else { return .null }
    return json
  }
}
