internal import Glibc

/// A date and a time of day in this machine's time zone, or in that of TZ: localtime(3).
package struct LocalTime: Sendable, Equatable {
  package var year: Int
  /// 1 to 12.
  package var month: Int
  /// 1 to 31.
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// The local time of a moment, in seconds since the epoch; nil where its year is beyond reach.
  package init?(_ seconds: Int64) {
    guard let parts = Self.parts(seconds) else { return nil }
    self.init(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }

  /// Seconds since the epoch: mktime(3). A day or an hour beyond its range counts on, so that day 0
  /// is the last one of the month before. Nil where there is no such time.
  package var seconds: Int64? {
    var parts = tm()
    (parts.tm_year, parts.tm_mon) = (Int32(clamping: year - 1900), Int32(clamping: month - 1))
    (parts.tm_mday, parts.tm_hour) = (Int32(clamping: day), Int32(clamping: hour))
    (parts.tm_min, parts.tm_sec) = (Int32(clamping: minute), Int32(clamping: second))
    parts.tm_isdst = -1
    let seconds = mktime(&parts)
    return seconds == -1 ? nil : Int64(seconds)
  }

  /// `2026-11-21`
  package var date: String { "\(year)-\(TwoDigits.text(month))-\(TwoDigits.text(day))" }

  /// `14:32`
  package var hourAndMinute: String { "\(TwoDigits.text(hour)):\(TwoDigits.text(minute))" }

  /// `14:32:08`
  package var time: String { "\(hourAndMinute):\(TwoDigits.text(second))" }

  package func isSameDay(as other: LocalTime) -> Bool {
    (year, month, day) == (other.year, other.month, other.day)
  }

  /// What the time zone is called at a moment, in seconds since the epoch: `CET`, `CEST`.
  package static func zone(at seconds: Int64) -> String {
    guard let name = parts(seconds)?.tm_zone else { return "UTC" }
    return String(cString: name)
  }

  private static func parts(_ seconds: Int64) -> tm? {
    var time = time_t(seconds)
    var parts = tm()
    tzset()
    return localtime_r(&time, &parts) == nil ? nil : parts
  }
}

/// Numbers of clocks and calendars.
enum TwoDigits {
  static func text(_ number: some BinaryInteger) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
