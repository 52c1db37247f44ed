internal import AgentToken

/// What a string in a request or a query has to be like.
struct TextRule: Sendable {
  /// Unicode scalars, as JSON Schema counts them.
  var length: ClosedRange<Int>
  /// For the description of the API, of what `isFit` says.
  var pattern: String?
  /// What it has to be, for a person, after "has to be".
  var phrase: String
  var isFit: @Sendable (String) -> Bool

  /// Any text without control characters, for people to read.
  static func words(_ length: ClosedRange<Int>) -> TextRule {
    TextRule(
      length: length, pattern: "^[^\\u0000-\\u001f\\u007f]*$",
      phrase: "without control characters"
    ) { !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
  }

  /// What people type and nobody sees: any characters.
  static func secret(_ length: ClosedRange<Int>) -> TextRule {
    TextRule(length: length, pattern: nil, phrase: "text") { _ in true }
  }

  /// Characters of ASCII from a set, as a regular expression writes it and as they are.
  static func characters(
    _ set: String, _ length: ClosedRange<Int>, phrase: String,
    _ isFit: @escaping @Sendable (UInt8) -> Bool
  ) -> TextRule {
    TextRule(length: length, pattern: "^[\(set)]*$", phrase: phrase) {
      $0.utf8.allSatisfy(isFit)
    }
  }

  /// Ids of clusters, tenants and agents, as they stand in tokens.
  static let identifier = TextRule(
    length: 1...128, pattern: "^[A-Za-z0-9._:/-]*$", phrase: "letters, digits and ._:/-",
    isFit: Identity.isValidID)

  static let accountName = characters(
    "a-z0-9._@+-", 1...64, phrase: "a-z, 0-9 and ._@+-"
  ) {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "._@+-".utf8.contains($0)
  }

  /// What the server makes: base64url.
  static let id = characters("A-Za-z0-9_-", 1...64, phrase: "letters, digits, _ and -") {
    isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
  }

  /// Of agent tokens.
  static let jti = characters("A-Za-z0-9._:-", 1...128, phrase: "letters, digits and ._:-") {
    isAlphanumeric($0) || "._:-".utf8.contains($0)
  }

  /// A hash of what tells machines apart.
  static let machine = TextRule(
    length: 16...128, pattern: "^[A-Za-z0-9._:/-]*$", phrase: "a hash",
    isFit: Identity.isValidID)

  /// Where a page of a list begins: what the page before said.
  static let cursor = characters("!-~", 1...1024, phrase: "printable ASCII") {
    (0x21...0x7E).contains($0)
  }

  /// NAME=VALUE.
  static let label = TextRule(
    length: 2...127, pattern: "^[A-Za-z0-9._/-]{1,63}=[A-Za-z0-9._/-]{0,63}$",
    phrase: "NAME=VALUE, each at most 63 of letters, digits and ._/-"
  ) { text in
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 && (1...63).contains(parts[0].utf8.count)
      && parts[1].utf8.count <= 63 && parts.allSatisfy { $0.utf8.allSatisfy(isLabelByte) }
  }

  static let labelName = characters(
    "A-Za-z0-9._/-", 1...63, phrase: "letters, digits and ._/-", isLabelByte)
  static let labelValue = characters(
    "A-Za-z0-9._/-", 0...63, phrase: "letters, digits and ._/-", isLabelByte)

  private static let isLabelByte: @Sendable (UInt8) -> Bool = {
    isAlphanumeric($0) || "._/-".utf8.contains($0)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
