import Linux

/// Times and durations as a person would say them, in English whatever the locale. All of the
/// command's are made here.
enum Times {
  /// How long something takes or lasts, to two units: `41 s`, `12 min`, `1 hour 30 min`, `2 days`.
  static func span(seconds: Int64) -> String {
    let seconds = max(0, seconds)
    guard seconds >= 60 else { return "\(seconds) s" }
    // To the nearest minute: a window of an hour is one also when it is a second old.
    let minutes = (seconds + 30) / 60
    guard minutes >= 60 else { return "\(minutes) min" }
    let hours = minutes / 60
    if hours < 48 {
      let rest = minutes % 60
      return Text.count(Int(hours), "hour") + (rest == 0 || hours >= 6 ? "" : " \(rest) min")
    }
    return "\(hours / 24) days"
  }

  /// How long something has been, in one unit, rounded down: `9 min`, `1 hour`, `2 days`.
  static func age(seconds: Int64) -> String {
    let seconds = max(0, seconds)
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<(48 * 3600): return Text.count(Int(seconds / 3600), "hour")
    default: return "\(seconds / 86_400) days"
    }
  }

  static func milliseconds(_ milliseconds: Int64) -> String {
    milliseconds < 1000 ? "\(milliseconds) ms" : span(seconds: (milliseconds + 500) / 1000)
  }

  /// A moment near `now`: `14:32` today, `22 Nov 14:32` this year, with the year otherwise.
  static func moment(_ seconds: Int64, now: Int64) -> String {
    guard let then = LocalTime(seconds), let today = LocalTime(now) else { return "@\(seconds)" }
    let time = then.hourAndMinute
    guard then.year == today.year else { return "\(then.date) \(time)" }
    guard !then.isSameDay(as: today) else { return time }
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    return "\(then.day) \(months[(then.month - 1) % 12]) \(time)"
  }

  /// A line's time in a log: `2026-11-21 13:32:08`, local, so that lines sort as they happened.
  static func stamp(_ seconds: Int64) -> String {
    LocalTime(seconds).map { "\($0.date) \($0.time)" } ?? "@\(seconds)"
  }
}

extension Times {
  /// Reads what `--since` takes: `90s`, `10m`, `2h`, `3d` (and `1h30m`) before now, `14:32[:08]`
  /// (the last time it was that), `2026-11-21`, `2026-11-21 14:32[:08]` (or with a `T`), all local,
  /// or `@` and seconds since the epoch.
  ///
  /// - Returns: seconds since the epoch; nil where it is none of these.
  static func since(_ text: String, now: Int64) -> Int64? {
    if text.hasPrefix("@") { return Int64(text.dropFirst()) }
    if let seconds = duration(text) { return now - seconds }
    let parts = text.split(omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }
    switch parts.count {
    case 1:
      if let time = clock(parts[0]) { return lastTime(time, now: now) }
      return day(parts[0]).flatMap { epoch(day: $0, time: [0, 0, 0]) }
    case 2:
      guard let day = day(parts[0]), let time = clock(parts[1]) else { return nil }
      return epoch(day: day, time: time)
    default:
      return nil
    }
  }

  /// Seconds in `1h30m` and its like.
  private static func duration(_ text: String) -> Int64? {
    var total: Int64 = 0
    var digits = ""
    guard text.last?.isNumber == false else { return nil }
    for character in text {
      if ("0"..."9").contains(character), digits.count < 9 {
        digits.append(character)
        continue
      }
      let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
      guard let unit = units[character], let number = Int64(digits) else { return nil }
      total += number * unit
      digits = ""
    }
    return total
  }

  /// Hours, minutes and seconds.
  private static func clock(_ text: Substring) -> [Int]? {
    let parts = numbers(text, separator: ":")
    guard let parts, parts.count == 2 || parts.count == 3 else { return nil }
    let time = parts.count == 2 ? parts + [0] : parts
    return time[0] < 24 && time[1] < 60 && time[2] < 60 ? time : nil
  }

  /// Year, month and day.
  private static func day(_ text: Substring) -> [Int]? {
    guard let parts = numbers(text, separator: "-"), parts.count == 3,
      (1970...9999).contains(parts[0]), (1...12).contains(parts[1]), (1...31).contains(parts[2])
    else { return nil }
    return parts
  }

  private static func numbers(_ text: Substring, separator: Character) -> [Int]? {
    var result: [Int] = []
    for part in text.split(separator: separator, omittingEmptySubsequences: false) {
      guard (1...4).contains(part.count), part.allSatisfy({ ("0"..."9").contains($0) }),
        let number = Int(part)
      else { return nil }
      result.append(number)
    }
    return result
  }

  private static func epoch(day: [Int], time: [Int]) -> Int64? {
    LocalTime(
      year: day[0], month: day[1], day: day[2], hour: time[0], minute: time[1], second: time[2]
    ).seconds
  }

  /// Today at that time, or yesterday where that is still to come.
  private static func lastTime(_ time: [Int], now: Int64) -> Int64? {
    guard var day = LocalTime(now) else { return nil }
    (day.hour, day.minute, day.second) = (time[0], time[1], time[2])
    guard let then = day.seconds, then > now else { return day.seconds }
    day.day -= 1
    return day.seconds
  }
}
