/// Spans of time as people write and read them.
package enum TimeSpan {
  /// Seconds of `90`, `90s`, `30m`, `1h`, `7d` or a sequence of them such as `1h 30min`.
  ///
  /// - Returns: nil where the text is no such span, or is longer than 100,000 days.
  package static func seconds(_ text: String) -> Int64? {
    var rest = Substring(text)
    var total: Int64 = 0
    if let plain = digits(&rest), rest.isEmpty { return plain <= longest ? plain : nil }
    rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      guard let number = digits(&rest) else { return nil }
      let letters = rest.prefix { $0.isASCII && $0.isLetter }
      guard let unit = units[String(letters)] else { return nil }
      rest.removeFirst(letters.count)
      rest = rest.drop { $0 == " " }
      guard number <= longest / unit else { return nil }
      total += number * unit
      guard total <= longest else { return nil }
    }
    return total
  }

  /// In the largest units that say it exactly: `30 minutes`, `1 hour 30 minutes`, `45 seconds`.
  package static func text(_ seconds: Int64) -> String {
    guard seconds > 0 else { return "\(seconds) seconds" }
    var rest = seconds
    var parts: [String] = []
    for (size, name) in [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")] {
      let count = rest / Int64(size)
      rest %= Int64(size)
      if count > 0 { parts.append("\(count) \(name)\(count == 1 ? "" : "s")") }
    }
    return parts.joined(separator: " ")
  }

  private static let longest: Int64 = 100_000 * 86_400
  private static let units: [String: Int64] = [
    "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400,
  ]

  /// Takes a number of at most 12 digits off the front.
  private static func digits(_ text: inout Substring) -> Int64? {
    let number = text.prefix { ("0"..."9").contains($0) }
    guard (1...12).contains(number.count), number.utf8.count == number.count else { return nil }
    text.removeFirst(number.count)
    return Int64(number)
  }
}
