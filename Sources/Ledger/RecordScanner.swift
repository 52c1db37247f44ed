/// What recovery needs to know of a record.
package struct ScannedRecord: Equatable {
  package struct Spent: Equatable {
    package let issuer: String
    package let jti: String
    package let expires: Int64?
  }

  package let sequence: Int64
  /// Seconds since the epoch, as the wall clock had it.
  package let time: Int64
  /// The token that the record spends.
  package let spent: Spent?
  /// The floors of time that it has.
  var floor: LedgerFloor?
  /// Something that the ledger wrote for itself to read again.
  var isOfTheLedger = false
}

/// Reads a record's line in one pass without building its tree: a daemon that must be ready within
/// 50 ms has thousands of them to look at. Takes JSON (RFC 8259) with integers; does not look for
/// duplicate names.
package struct RecordScanner {
  private static let maxDepth = 16

  /// Where a string's content lies in the line.
  private struct Text {
    let range: Range<Int>
    let hasEscapes: Bool
  }

  private enum Value {
    case integer(Int64)
    case text(Text)
    case other
  }

  private var at = 0
  /// All bytes of strings, or'ed: nearly every line is ASCII, and needs no second look.
  private var bits: UInt8 = 0

  /// Nil if the line is no record: no JSON object, or one without `seq`, `time` and `event`.
  package static func scan(_ line: Span<UInt8>) -> ScannedRecord? {
    var scanner = RecordScanner()
    return scanner.record(line)
  }

  private mutating func record(_ line: Span<UInt8>) -> ScannedRecord? {
    var sequence: Int64?
    var time: Int64?
    var expires: Int64?
    var event: Text?
    var phase: Text?
    var issuer: Text?
    var jti: Text?
    var floor: LedgerFloor?

    guard take(UInt8(ascii: "{"), line), !take(UInt8(ascii: "}"), line) else { return nil }
    repeat {
      guard let name = string(line), take(UInt8(ascii: ":"), line) else { return nil }
      let start = at
      guard let value = value(line, depth: 1) else { return nil }
      switch (value, name.range.count) {
      case (.integer(let number), 3):
        if Self.equals(name, "seq", line) { sequence = number }
        if Self.equals(name, "exp", line) { expires = number }
      case (.integer(let number), 4):
        if Self.equals(name, "time", line) { time = number }
      case (.text(let text), 3):
        if Self.equals(name, "iss", line) { issuer = text }
        if Self.equals(name, "jti", line) { jti = text }
      case (.text(let text), 5):
        if Self.equals(name, "event", line) { event = text }
        if Self.equals(name, "phase", line) { phase = text }
      case (.other, 5):
        if Self.equals(name, "floor", line) { floor = Self.floor(line, at: start) }
      default: break
      }
    } while take(UInt8(ascii: ","), line)
    guard take(UInt8(ascii: "}"), line), at == line.count else { return nil }
    if bits >= 0x80, (try? UTF8Span(validating: line)) == nil { return nil }

    guard let sequence, sequence > 0, let time, let event else { return nil }
    var spent: ScannedRecord.Spent?
    if let phase, let issuer, let jti, Self.equals(phase, "intent", line),
      Self.equals(event, "unprotect", line)
    {
      // Ids of tokens have nothing to escape: a record where they do was not written here.
      guard !issuer.hasEscapes, !jti.hasEscapes else { return nil }
      spent = ScannedRecord.Spent(
        issuer: Self.copy(issuer, line), jti: Self.copy(jti, line), expires: expires)
    }
    return ScannedRecord(
      sequence: sequence, time: time, spent: spent, floor: floor,
      isOfTheLedger: Self.equals(event, "segment", line) || Self.equals(event, "carried", line))
  }

  private static func floor(_ line: Span<UInt8>, at start: Int) -> LedgerFloor? {
    var scanner = RecordScanner()
    scanner.at = start
    guard scanner.take(UInt8(ascii: "["), line), let soft = scanner.integer(line),
      scanner.take(UInt8(ascii: ","), line), let hard = scanner.integer(line),
      scanner.take(UInt8(ascii: "]"), line)
    else { return nil }
    return LedgerFloor(soft: soft, hard: hard)
  }

  /// Takes one byte, if it is that one.
  private mutating func take(_ byte: UInt8, _ line: Span<UInt8>) -> Bool {
    guard at < line.count, line[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func value(_ line: Span<UInt8>, depth: Int) -> Value? {
    guard at < line.count else { return nil }
    switch line[at] {
    case UInt8(ascii: "\""): return string(line).map { .text($0) }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return integer(line).map { .integer($0) }
    case UInt8(ascii: "{"): return skipNested(line, depth: depth + 1, isObject: true)
    case UInt8(ascii: "["): return skipNested(line, depth: depth + 1, isObject: false)
    case UInt8(ascii: "n"): return skipWord("null", line)
    case UInt8(ascii: "t"): return skipWord("true", line)
    case UInt8(ascii: "f"): return skipWord("false", line)
    default: return nil
    }
  }

  private mutating func skipWord(_ word: StaticString, _ line: Span<UInt8>) -> Value? {
    let range = at..<(at + word.utf8CodeUnitCount)
    guard range.upperBound <= line.count,
      Self.equals(Text(range: range, hasEscapes: false), word, line)
    else { return nil }
    at = range.upperBound
    return .other
  }

  private mutating func skipNested(_ line: Span<UInt8>, depth: Int, isObject: Bool) -> Value? {
    guard depth <= Self.maxDepth else { return nil }
    at += 1
    let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    if take(close, line) { return .other }
    repeat {
      if isObject {
        guard string(line) != nil, take(UInt8(ascii: ":"), line) else { return nil }
      }
      guard value(line, depth: depth) != nil else { return nil }
    } while take(UInt8(ascii: ","), line)
    return take(close, line) ? .other : nil
  }

  private mutating func integer(_ line: Span<UInt8>) -> Int64? {
    let isNegative = take(UInt8(ascii: "-"), line)
    let start = at
    var number: Int64 = 0
    while at < line.count, line[at].isDigit {
      let (tens, tooLarge) = number.multipliedReportingOverflow(by: 10)
      let digit = Int64(line[at] - UInt8(ascii: "0"))
      let (sum, tooLargeToo) = tens.subtractingReportingOverflow(digit)
      if tooLarge || tooLargeToo { return nil }
      number = sum
      at += 1
    }
    // Counted downwards, since Int64 reaches one further there.
    guard at > start, at == start + 1 || line[start] != UInt8(ascii: "0") else { return nil }
    if isNegative { return number }
    return number == .min ? nil : -number
  }

  private mutating func string(_ line: Span<UInt8>) -> Text? {
    guard take(UInt8(ascii: "\""), line) else { return nil }
    let start = at
    var hasEscapes = false
    // A local, so that it stays in a register: most bytes of a ledger are gone through here.
    var index = start
    var bits: UInt8 = 0
    defer { self.bits |= bits }
    while index < line.count {
      let byte = line[index]
      bits |= byte
      index += 1
      if byte == UInt8(ascii: "\"") {
        at = index
        return Text(range: start..<(index - 1), hasEscapes: hasEscapes)
      }
      if byte < 0x20 { return nil }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        at = index
        guard skipEscape(line) else { return nil }
        index = at
      }
    }
    return nil
  }

  // Escapes are rare, and kept out of the loop over the bytes, which gets slower by them.
  @inline(never)
  private mutating func skipEscape(_ line: Span<UInt8>) -> Bool {
    guard at < line.count else { return false }
    let letter = line[at]
    at += 1
    guard letter == UInt8(ascii: "u") else { return #""\/bfnrt"#.utf8.contains(letter) }
    guard at + 4 <= line.count else { return false }
    for index in at..<(at + 4) where !line[index].isHexadecimal { return false }
    at += 4
    return true
  }

  private static func equals(_ text: Text, _ word: StaticString, _ line: Span<UInt8>) -> Bool {
    guard text.range.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { bytes in
      for index in bytes.indices where line[text.range.lowerBound + index] != bytes[index] {
        return false
      }
      return true
    }
  }

  private static func copy(_ text: Text, _ line: Span<UInt8>) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.range.count)
    for index in text.range { bytes.append(line[index]) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

  fileprivate var isHexadecimal: Bool {
    isDigit || (self | 0x20) &- UInt8(ascii: "a") < 6
  }
}
