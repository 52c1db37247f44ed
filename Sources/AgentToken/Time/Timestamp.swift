/// Seconds since the epoch and spans of them, as messages show them.
package enum Timestamp {
  /// Up to the last second of the year 9999.
  static let range: ClosedRange<Int64> = 0...253_402_300_799

  /// What is out of range becomes its nearer end.
  static func clamped(_ seconds: Int64) -> Int64 {
    min(max(seconds, range.lowerBound), range.upperBound)
  }

  /// RFC 3339 in UTC, such as `2026-03-01T09:30:00Z`. What is out of range shows as its nearer end.
  package static func text(_ seconds: Int64) -> String {
    let seconds = clamped(seconds)
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    // The civil calendar from a count of days: years begin in March, eras have 400 of them.
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2) + "T"
      + digits(second / 3_600, 2) + ":" + digits(second / 60 % 60, 2) + ":"
      + digits(second % 60, 2) + "Z"
  }

  /// A span in its two largest units, such as `3 d 4 h`, `15 min` or `0 s`.
  static func span(_ seconds: Int64) -> String {
    let units: [(name: String, size: Int64)] = [
      ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1),
    ]
    let seconds = max(seconds, 0)
    guard let first = units.firstIndex(where: { seconds >= $0.size }) else { return "0 s" }
    let large = "\(seconds / units[first].size) \(units[first].name)"
    guard first + 1 < units.count else { return large }
    let rest = seconds % units[first].size / units[first + 1].size
    return rest == 0 ? large : "\(large) \(rest) \(units[first + 1].name)"
  }

  private static func digits(_ value: Int64, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }
}
