internal import Cluster
internal import Glibc

/// Times as people here read and write them: in the zone of this machine, the same in every locale.
enum LocalTime {
  /// `14:32:10 CET` for a time of today, else `2027-06-30 14:32:10 CEST`.
  static func text(_ time: Int64, now: Int64 = Int64(Glibc.time(nil))) -> String {
    let moment = broken(time)
    let today = broken(now)
    let isToday = moment.tm_year == today.tm_year && moment.tm_yday == today.tm_yday
    let clock = "\(two(moment.tm_hour)):\(two(moment.tm_min)):\(two(moment.tm_sec))"
    let zone = moment.tm_zone.map { String(cString: $0) } ?? "UTC"
    if isToday { return "\(clock) \(zone)" }
    let date = "\(moment.tm_year + 1900)-\(two(moment.tm_mon + 1))-\(two(moment.tm_mday))"
    return "\(date) \(clock) \(zone)"
  }

  /// Seconds since the epoch of a time in this machine's zone: mktime(3).
  static func seconds(_ civil: CivilTime) -> Int64? {
    var time = tm()
    time.tm_year = Int32(civil.year - 1900)
    time.tm_mon = Int32(civil.month - 1)
    time.tm_mday = Int32(civil.day)
    time.tm_hour = Int32(civil.hour)
    time.tm_min = Int32(civil.minute)
    time.tm_sec = Int32(civil.second)
    time.tm_isdst = -1
    let seconds = mktime(&time)
    return seconds == -1 ? nil : Int64(seconds)
  }

  private static func broken(_ time: Int64) -> tm {
    var seconds = time_t(time)
    var result = tm()
    tzset()
    localtime_r(&seconds, &result)
    return result
  }

  private static func two(_ number: Int32) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
