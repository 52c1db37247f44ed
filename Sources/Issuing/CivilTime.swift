/// A date and time of day in the proleptic Gregorian calendar, without a time zone.
package struct CivilTime: Sendable, Equatable {
  package var year: Int64
  package var month: Int64
  package var day: Int64
  package var hour: Int64 = 0
  package var minute: Int64 = 0
  package var second: Int64 = 0

  /// Seconds since the epoch, taking this for a time in UTC.
  package var utc: Int64 {
    // Years begin in March, so that the leap day is the last of them; eras have 400 years.
    let marchYear = month <= 2 ? year - 1 : year
    let era = marchYear / 400
    let yearOfEra = marchYear % 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return days * 86_400 + hour * 3600 + minute * 60 + second
  }

  /// Whether there is such a day and such a time on it.
  var isReal: Bool {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1970...9999).contains(year) && (1...12).contains(month)
      && (1...lengths[Int(month - 1)]).contains(day) && (0...23).contains(hour)
      && (0...59).contains(minute) && (0...59).contains(second)
  }
}

extension CivilTime {
  /// A moment as people write it, in seconds since the epoch: a span from now (`365d`), a local date
  /// (`2027-06-30`, the start of that day) or time (`2027-06-30 18:00`), a time with its zone as in
  /// RFC 3339 (`2027-06-30T18:00:00Z`), or `@` and seconds since the epoch.
  ///
  /// - Parameter local: turns a local time into seconds since the epoch; nil where there is none.
  /// - Returns: nil where the text is nothing of this, or outside the years 1970 to 9999.
  package static func moment(
    _ text: String, now: Int64, local: (CivilTime) -> Int64?
  ) -> Int64? {
    if text.hasPrefix("@") {
      let number = text.dropFirst()
      guard number.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
      return Int64(number).flatMap { $0 <= last ? $0 : nil }
    }
    if !text.contains("-") {
      // A bare number could be meant as a span or as a time, so it is neither.
      guard Int64(text) == nil, let span = TimeSpan.seconds(text) else { return nil }
      return now + span <= last ? now + span : nil
    }
    guard let (time, offset) = parse(text), time.isReal else { return nil }
    let seconds = offset.map { time.utc - $0 } ?? local(time)
    return seconds.flatMap { (0...last).contains($0) ? $0 : nil }
  }

  /// The last second of the year 9999.
  private static let last: Int64 = 253_402_300_799

  /// `YYYY-MM-DD[(T| )HH:MM[:SS][Z|±HH:MM]]`; the offset is in seconds, nil for local time.
  private static func parse(_ text: String) -> (CivilTime, offset: Int64?)? {
    var rest = Array(text.utf8)[...]
    guard let year = number(&rest, 4), skip(&rest, "-"), let month = number(&rest, 2),
      skip(&rest, "-"), let day = number(&rest, 2)
    else { return nil }
    var time = CivilTime(year: year, month: month, day: day)
    if rest.isEmpty { return (time, nil) }
    guard skip(&rest, "T ") else { return nil }
    guard let hour = number(&rest, 2), skip(&rest, ":"), let minute = number(&rest, 2) else {
      return nil
    }
    (time.hour, time.minute) = (hour, minute)
    if skip(&rest, ":") {
      guard let second = number(&rest, 2) else { return nil }
      time.second = second
    }
    if rest.isEmpty { return (time, nil) }
    if skip(&rest, "Zz") { return rest.isEmpty ? (time, 0) : nil }
    let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
    guard skip(&rest, "+-"), let hours = number(&rest, 2), skip(&rest, ":"),
      let minutes = number(&rest, 2), rest.isEmpty, hours < 24, minutes < 60
    else { return nil }
    return (time, sign * (hours * 3600 + minutes * 60))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> Int64? {
    let digits = rest.prefix(count)
    guard digits.count == count,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    rest = rest.dropFirst(count)
    return Int64(String(decoding: digits, as: UTF8.self))
  }

  private static func skip(_ rest: inout ArraySlice<UInt8>, _ characters: String) -> Bool {
    guard let first = rest.first, characters.utf8.contains(first) else { return false }
    rest = rest.dropFirst()
    return true
  }
}
