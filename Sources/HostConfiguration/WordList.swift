/// Values that are lists of words: words are separated by white space and may be quoted, with the
/// escapes of systemd.syntax(7), section "Quoting".
struct WordList {
  private var rest: ArraySlice<UInt8>
  private var words: [String] = []
  /// The word being read; an empty one counts only where it was quoted.
  private var word: [UInt8] = []
  private var hasWord = false

  /// The words of a value. Throws if a quote is left open or an escape is unknown.
  static func words(of value: String) throws(ValueProblem) -> [String] {
    var list = WordList(rest: Array(value.utf8)[...])
    try list.read()
    return list.words
  }

  /// A word such that `words(of:)` reads it back: quoted only where that is needed.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { !$0.isBlank && !#"\"'"#.utf8.contains($0) }
    if isPlain, !word.isEmpty { return word }
    var quoted = "\""
    for scalar in word.unicodeScalars {
      if scalar == "\\" || scalar == "\"" { quoted += "\\" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  private init(rest: ArraySlice<UInt8>) {
    self.rest = rest
  }

  private mutating func read() throws(ValueProblem) {
    var quote: UInt8?
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\") {
        hasWord = true
        try readEscape()
      } else if let open = quote {
        if byte == open { quote = nil } else { word.append(byte) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        hasWord = true
        quote = byte
      } else if byte.isBlank {
        try endWord()
      } else {
        hasWord = true
        word.append(byte)
      }
    }
    if quote != nil { throw ValueProblem("A quote is not closed.") }
    try endWord()
  }

  private mutating func endWord() throws(ValueProblem) {
    guard hasWord else { return }
    guard let text = String(validating: word, as: UTF8.self) else {
      throw ValueProblem("An escape makes a word that is not UTF-8 text.")
    }
    words.append(text)
    word.removeAll(keepingCapacity: true)
    hasWord = false
  }

  /// Reads what follows a backslash.
  private mutating func readEscape() throws(ValueProblem) {
    guard let letter = rest.first else { throw ValueProblem("The value ends in a backslash.") }
    if (UInt8(ascii: "0")...UInt8(ascii: "3")).contains(letter) {
      word.append(UInt8(truncatingIfNeeded: try readNumber(digits: 3, radix: 8)))
      return
    }
    rest.removeFirst()
    switch letter {
    case UInt8(ascii: "x"):
      word.append(UInt8(truncatingIfNeeded: try readNumber(digits: 2, radix: 16)))
    case UInt8(ascii: "u"): try appendScalar(readNumber(digits: 4, radix: 16))
    case UInt8(ascii: "U"): try appendScalar(readNumber(digits: 8, radix: 16))
    default:
      guard let byte = Self.escapes[letter] else {
        throw ValueProblem(
          #"A backslash is followed by what is no escape; for a backslash itself write \\."#)
      }
      word.append(byte)
    }
  }

  private mutating func readNumber(digits count: Int, radix: Int) throws(ValueProblem) -> UInt32 {
    let digits = rest.prefix(count)
    // `UInt32(_:radix:)` alone would take a sign.
    guard digits.count == count, digits.first != UInt8(ascii: "+"),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    else {
      throw ValueProblem("An escape has not all its \(count) digits.")
    }
    rest = rest.dropFirst(count)
    return value
  }

  private mutating func appendScalar(_ value: UInt32) throws(ValueProblem) {
    guard let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else {
      throw ValueProblem("An escape names no Unicode character.")
    }
    word.append(contentsOf: encoded)
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    UInt8(ascii: "s"): UInt8(ascii: " "), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
  ]
}
