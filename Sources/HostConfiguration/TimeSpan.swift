/// Time spans as systemd.time(7) writes them: `10s`, `1h 30min`, `500ms`; a number alone is seconds.
package enum TimeSpan {
  /// What a text stands for, in microseconds, rounded down; nil if it is no time span, is negative,
  /// or does not fit. `infinity` is none here: nothing that we set may last for ever.
  package static func microseconds(_ text: String) -> UInt64? {
    var rest = Array(text.utf8)[...]
    var total: UInt64 = 0
    var isEmpty = true
    while true {
      rest = rest.drop { $0.isBlank }
      if rest.isEmpty { return isEmpty ? nil : total }
      isEmpty = false
      guard let number = Decimal(&rest) else { return nil }
      let afterNumber = rest
      rest = rest.drop { $0.isBlank }
      let name = rest.prefix { !$0.isBlank && !$0.isDigit && $0 != UInt8(ascii: ".") }
      // "1.2.3" is a slip of the pen, "1.2 .3" is what systemd takes.
      if name.isEmpty, afterNumber.count == rest.count, !rest.isEmpty { return nil }
      guard let unit = name.isEmpty ? second : units[String(decoding: name, as: UTF8.self)] else {
        return nil
      }
      rest = rest.dropFirst(name.count)
      guard let part = number.times(unit) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      if overflow { return nil }
      total = sum
    }
  }

  /// The shortest way to write a time span: `90min` is `1h 30min`, nothing is `0`.
  package static func text(microseconds: UInt64) -> String {
    var rest = microseconds
    var parts: [String] = []
    for (name, unit) in [
      ("d", day), ("h", hour), ("min", minute), ("s", second), ("ms", millisecond), ("us", 1),
    ] where rest >= unit {
      parts.append("\(rest / unit)\(name)")
      rest %= unit
    }
    return parts.isEmpty ? "0" : parts.joined(separator: " ")
  }

  static let millisecond: UInt64 = 1000
  static let second: UInt64 = 1_000_000
  static let minute: UInt64 = 60 * second
  static let hour: UInt64 = 60 * minute
  static let day: UInt64 = 24 * hour

  /// The unit names of systemd.time(7). A month is 30.44 days there and a year 365.25.
  private static let units: [String: UInt64] = {
    let names: [(UInt64, [String])] = [
      (1, ["usec", "us", "µs", "\u{3BC}s"]), (millisecond, ["msec", "ms"]),
      (second, ["seconds", "second", "sec", "s"]), (minute, ["minutes", "minute", "min", "m"]),
      (hour, ["hours", "hour", "hr", "h"]), (day, ["days", "day", "d"]),
      (7 * day, ["weeks", "week", "w"]), (2_629_800 * second, ["months", "month", "M"]),
      (31_557_600 * second, ["years", "year", "y"]),
    ]
    var table: [String: UInt64] = [:]
    for (unit, all) in names {
      for name in all { table[name] = unit }
    }
    return table
  }()
}

/// A decimal number without a sign, such as `1.5`.
private struct Decimal {
  private let whole: UInt64
  /// The digits after the point, most significant first.
  private let fraction: ArraySlice<UInt8>

  /// Takes the number at the beginning of a text; nil if there is none or it is too large.
  init?(_ text: inout ArraySlice<UInt8>) {
    let digits = text.prefix { $0.isDigit }
    text = text.dropFirst(digits.count)
    if text.first == UInt8(ascii: ".") {
      fraction = text.dropFirst().prefix { $0.isDigit }
      guard !fraction.isEmpty else { return nil }
      text = text.dropFirst(1 + fraction.count)
    } else {
      fraction = []
      guard !digits.isEmpty else { return nil }
    }
    var value: UInt64 = 0
    for digit in digits {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, tooLargeToo) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      if tooLarge || tooLargeToo { return nil }
      value = sum
    }
    whole = value
  }

  /// The product, rounded down; nil if it does not fit.
  func times(_ unit: UInt64) -> UInt64? {
    let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
    if overflow { return nil }
    var step = unit / 10
    var part: UInt64 = 0
    for digit in fraction where step > 0 {
      part += step * UInt64(digit - UInt8(ascii: "0"))
      step /= 10
    }
    let (sum, tooLarge) = product.addingReportingOverflow(part)
    return tooLarge ? nil : sum
  }
}

extension UInt8 {
  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
