internal import Issuing
internal import Linux

/// Times as people here read and write them: in the zone of this machine, the same in every locale.
extension LocalTime {
  /// `14:32:10 CET` for a time of today, else `2027-06-30 14:32:10 CEST`.
  static func text(_ seconds: Int64, now: Int64 = Clock.wall()) -> String {
    guard let then = LocalTime(seconds), let today = LocalTime(now) else { return "@\(seconds)" }
    let time = "\(then.time) \(zone(at: seconds))"
    return then.isSameDay(as: today) ? time : "\(then.date) \(time)"
  }

  init(_ civil: CivilTime) {
    self.init(
      year: Int(civil.year), month: Int(civil.month), day: Int(civil.day), hour: Int(civil.hour),
      minute: Int(civil.minute), second: Int(civil.second))
  }
}
