extension JSON {
  /// Parses one JSON text, strictly.
  ///
  /// RFC 8259 and these on top: valid UTF-8 and no byte order mark; no name twice in an object,
  /// compared after unescaping; no unpaired surrogate escape; integers only, within `Int64`; the
  /// limits. Nothing but white space may follow the value.
  ///
  /// - Throws: the first thing wrong. Time and memory are linear in the text's length, and a text
  ///   over `limits.maxBytes` is refused unread.
  package static func parse(
    _ bytes: [UInt8], limits: Limits = .standard
  ) throws(ParseError) -> JSON {
    guard bytes.count <= limits.maxBytes else {
      throw ParseError(offset: limits.maxBytes, reason: "more than \(limits.maxBytes) bytes")
    }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw ParseError(offset: error.byteOffsets.lowerBound, reason: "invalid UTF-8")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw ParseError(offset: 0, reason: "a byte order mark")
    }
    var parser = JSONParser(bytes: bytes, limits: limits)
    return try parser.document()
  }
}

/// Recursive descent over bytes already known to be UTF-8.
private struct JSONParser {
  let bytes: [UInt8]
  let limits: JSON.Limits
  var index = 0

  init(bytes: [UInt8], limits: JSON.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(JSON.ParseError) -> JSON {
    let value = try value(depth: 1)
    skipSpace()
    guard index == bytes.count else { throw failure("something after the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSON.ParseError) -> JSON {
    skipSpace()
    guard let first = peek else { throw failure("the text ends where a value is due") }
    switch first {
    case UInt8(ascii: "{"): return .object(try members(depth: depth))
    case UInt8(ascii: "["): return .array(try elements(depth: depth))
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw failure("no value")
    }
  }

  private mutating func members(depth: Int) throws(JSON.ParseError) -> [JSON.Member] {
    try enter(depth)
    var members: [JSON.Member] = []
    var names = NameSet()
    skipSpace()
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      let start = index
      guard peek == UInt8(ascii: "\"") else { throw failure("no member name") }
      let name = try text()
      guard members.count < limits.maxMembers else {
        throw failure("more than \(limits.maxMembers) members", at: start)
      }
      guard names.insert(name, after: members) else {
        throw failure("the name \(name.quoted(limit: 64)) stands twice", at: start)
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("no colon after a member name") }
      members.append(JSON.Member(name: name, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("an object that does not end") }
    return members
  }

  private mutating func elements(depth: Int) throws(JSON.ParseError) -> [JSON] {
    try enter(depth)
    var values: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return values }
    repeat {
      values.append(try value(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("an array that does not end") }
    return values
  }

  /// Takes the opening bracket that `peek` saw.
  private mutating func enter(_ depth: Int) throws(JSON.ParseError) {
    guard depth <= limits.maxDepth else {
      throw failure("nested more than \(limits.maxDepth) deep")
    }
    index += 1
  }

  private mutating func integer() throws(JSON.ParseError) -> Int64 {
    let start = index
    let isNegative = take(UInt8(ascii: "-"))
    if isNegative, !limits.allowNegative { throw failure("a minus sign", at: start) }
    let firstDigit = index
    // Counted downwards: the negative range of Int64 is the larger one.
    var value: Int64 = 0
    while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
      let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (next, under) = shifted.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
      if overflowed || under { throw failure("an integer beyond 64 bits", at: start) }
      value = next
      index += 1
    }
    guard index > firstDigit else { throw failure("a sign without a number", at: start) }
    if index - firstDigit > 1, bytes[firstDigit] == UInt8(ascii: "0") {
      throw failure("a leading zero", at: start)
    }
    switch peek {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      throw failure("a fraction or an exponent", at: start)
    default: break
    }
    if isNegative { return value }
    guard value != .min else { throw failure("an integer beyond 64 bits", at: start) }
    return -value
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSON
  ) throws(JSON.ParseError) -> JSON {
    let count = word.utf8CodeUnitCount
    let isHere = word.withUTF8Buffer { bytes[index...].starts(with: $0) }
    guard isHere else { throw failure("no value") }
    index += count
    return value
  }

  /// A string, from its opening quote to its closing one.
  private mutating func text() throws(JSON.ParseError) -> String {
    let quote = index
    index += 1
    var unescaped: [UInt8] = []
    var start = index
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        defer { index += 1 }
        if unescaped.isEmpty { return String(decoding: bytes[start..<index], as: UTF8.self) }
        unescaped += bytes[start..<index]
        return String(decoding: unescaped, as: UTF8.self)
      case UInt8(ascii: "\\"):
        unescaped += bytes[start..<index]
        unescaped += try escape()
        start = index
      case 0..<0x20:
        throw failure("a control character in a string")
      default:
        index += 1
      }
    }
    throw failure("a string that does not end", at: quote)
  }

  /// What an escape sequence stands for, in UTF-8.
  private mutating func escape() throws(JSON.ParseError) -> [UInt8] {
    let start = index
    index += 1
    guard let letter = peek else { throw failure("a string that does not end", at: start) }
    index += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): break
    default: throw failure("an unknown escape", at: start)
    }
    let first = try codeUnit(start)
    guard UTF16.isSurrogate(first) else { return utf8(UInt32(first)) }
    guard UTF16.isLeadSurrogate(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw failure("an unpaired surrogate", at: start)
    }
    let second = try codeUnit(start)
    guard UTF16.isTrailSurrogate(second) else { throw failure("an unpaired surrogate", at: start) }
    return utf8(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF)
  }

  /// The four hexadecimal digits of a `\u` escape.
  private mutating func codeUnit(_ start: Int) throws(JSON.ParseError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch peek {
      case .some(let byte) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
        digit = byte - UInt8(ascii: "0")
      case .some(let byte) where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
        digit = byte - UInt8(ascii: "a") + 10
      case .some(let byte) where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte):
        digit = byte - UInt8(ascii: "A") + 10
      default: throw failure("an escape without four hexadecimal digits", at: start)
      }
      value = value << 4 | UInt16(digit)
      index += 1
    }
    return value
  }

  private func utf8(_ value: UInt32) -> [UInt8] {
    // Surrogates were dealt with, so every value here is a scalar.
    let encoded = Unicode.Scalar(value).flatMap { UTF8.encode($0) }
    return Array(encoded ?? UTF8.encodedReplacementCharacter)
  }

  private var peek: UInt8? {
    index < bytes.count ? bytes[index] : nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      index += 1
    }
  }

  private func failure(_ reason: String, at offset: Int? = nil) -> JSON.ParseError {
    JSON.ParseError(offset: offset ?? index, reason: reason)
  }
}

/// The names that an object has had so far: looked through while few, hashed when many, so that
/// small objects cost no allocation and large ones no quadratic time.
private struct NameSet {
  private static let few = 24
  private var hashed: Set<ExactText> = []

  /// False where the name was there already. `members` are those inserted before.
  mutating func insert(_ name: String, after members: [JSON.Member]) -> Bool {
    if members.count < Self.few {
      return !members.contains { $0.name.hasSameUTF8(as: name) }
    }
    if members.count == Self.few {
      for member in members { hashed.insert(ExactText(text: member.name)) }
    }
    return hashed.insert(ExactText(text: name)).inserted
  }
}
