/// Why a value was not taken: a sentence for a person.
struct ValueProblem: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }
}

/// Reads single values.
enum ValueReader {
  /// Truth as systemd.syntax(7) writes it, in any case; nil for anything else.
  static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "1", "yes", "y", "true", "t", "on": true
    case "0", "no", "n", "false", "f", "off": false
    default: nil
    }
  }

  /// A plain decimal number. A leading zero is refused: systemd would read `010` as eight.
  static func integer(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
    let digits = text.utf8
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit),
      digits.count == 1 || digits.first != UInt8(ascii: "0")
    else {
      throw ValueProblem("\(quoted(text)) is not a whole number, such as \(range.lowerBound).")
    }
    guard let value = Int(text), range.contains(value) else {
      throw ValueProblem(
        "\(quoted(text)) is out of range: from \(range.lowerBound) to \(range.upperBound).")
    }
    return value
  }

  /// A size in bytes: a whole number, with K, M, G or T for powers of 1024.
  static func bytes(_ text: String, in range: ClosedRange<Int64>) throws(ValueProblem) -> Int64 {
    let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let unit = text.last.flatMap { units[$0] }
    let digits = unit == nil ? text[...] : text.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit),
      digits.utf8.count == 1 || digits.utf8.first != UInt8(ascii: "0"), let number = Int64(digits)
    else { throw ValueProblem("\(quoted(text)) is no size, such as \(size(range.lowerBound)).") }
    let (value, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow, range.contains(value) else {
      throw ValueProblem(
        "\(quoted(text)) is out of range: from \(size(range.lowerBound)) to "
          + "\(size(range.upperBound)).")
    }
    return value
  }

  /// A size as `bytes` reads it back.
  static func size(_ bytes: Int64) -> String {
    for (unit, factor) in [("T", Int64(1) << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
    where bytes > 0 && bytes.isMultiple(of: factor) {
      return "\(bytes / factor)\(unit)"
    }
    return "\(bytes)"
  }

  /// A time span in microseconds.
  static func timeSpan(
    _ text: String, in range: ClosedRange<UInt64>
  ) throws(ValueProblem) -> UInt64 {
    let lowest = TimeSpan.text(microseconds: range.lowerBound)
    let highest = TimeSpan.text(microseconds: range.upperBound)
    guard text != "infinity", let value = TimeSpan.microseconds(text) else {
      throw ValueProblem(
        "\(quoted(text)) is no time span from \(lowest) to \(highest), such as \"1h 30min\".")
    }
    guard range.contains(value) else {
      throw ValueProblem("\(quoted(text)) is out of range: from \(lowest) to \(highest).")
    }
    return value
  }

  /// A time span of whole seconds.
  static func seconds(_ text: String, in range: ClosedRange<Int64>) throws(ValueProblem) -> Int64 {
    let microseconds = try timeSpan(
      text,
      in: UInt64(range.lowerBound) * TimeSpan.second...UInt64(range.upperBound) * TimeSpan.second)
    guard microseconds.isMultiple(of: TimeSpan.second) else {
      throw ValueProblem("\(quoted(text)) is not in whole seconds.")
    }
    return Int64(microseconds / TimeSpan.second)
  }

  /// One of a few words, spelt exactly.
  static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ text: String
  ) throws(ValueProblem) -> Choice {
    guard let choice = Choice.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text.utf8) })
    else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValueProblem(
        Choice.allCases.count == 1
          ? "\(quoted(text)) is not supported: only \(words) is."
          : "\(quoted(text)) is not one of: \(words).")
    }
    return choice
  }

  /// A text in double quotes and at most 64 scalars of it: what a person sees of a bad value.
  static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var shown = "\""
    shown.unicodeScalars.append(contentsOf: scalars.prefix(64))
    return shown + (scalars.count > 64 ? "…\"" : "\"")
  }
}
