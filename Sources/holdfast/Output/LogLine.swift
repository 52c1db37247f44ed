/// One ledger record as one line: number, time, what, outcome, who, and what else it says.
enum LogLine {
  /// Members with a place of their own in the line, or that only machines need.
  private static let placed: Set<String> = [
    "seq", "time", "boottime", "boot_id", "event", "phase", "outcome", "peer", "iss", "jti", "exp",
    "clock", "floor", "count", "last", "head",
  ]

  static func describe(_ record: Reply, paint: Paint) -> String {
    let event = [record.text("event"), record.text("phase")].compactMap(\.self)
    let outcome = record.text("outcome") ?? ""
    let columns = [
      Text.padded(record.number("seq").map(String.init) ?? "-", to: 6),
      record.number("time").map(Times.stamp) ?? "no time",
      Text.padded(event.joined(separator: " "), to: 17),
      painted(Text.padded(outcome, to: 16), outcome, record, paint),
      rest(of: record).joined(separator: ", "),
    ]
    return columns.joined(separator: "  ")
  }

  /// Who, and what else there is to know.
  private static func rest(of record: Reply) -> [String] {
    var parts: [String] = []
    if let count = record.number("count"), count > 1 {
      let last = record.number("last").map { ", the last at \(Times.stamp($0))" } ?? ""
      parts.append("\(Text.times(count))\(last)")
    }
    if let peer = record["peer"] { parts.append(People.describe(peer)) }
    if let jti = record.text("jti") { parts.append("token \(jti)") }
    parts += record.members.filter { !placed.contains($0.name) }
      .map { "\($0.name) \($0.value.brief)" }
    return parts.filter { !$0.isEmpty }
  }

  private static func painted(
    _ text: String, _ outcome: String, _ record: Reply, _ paint: Paint
  ) -> String {
    if record.text("event") == "refused" { return paint.warning(text) }
    return outcome == "ok" ? paint.good(text) : text
  }
}
