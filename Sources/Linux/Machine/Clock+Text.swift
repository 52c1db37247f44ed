internal import Glibc

extension Clock {
  /// `2026-11-21 14:32 UTC`, whatever the time zone and the locale.
  package static func text(_ seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
    let month = TwoDigits.text(parts.tm_mon + 1)
    let day = TwoDigits.text(parts.tm_mday)
    let hour = TwoDigits.text(parts.tm_hour)
    return "\(parts.tm_year + 1900)-\(month)-\(day) \(hour):\(TwoDigits.text(parts.tm_min)) UTC"
  }
}
