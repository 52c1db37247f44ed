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
