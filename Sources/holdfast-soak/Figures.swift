/// What was measured, each beside what it may be.
struct Figures {
  private var rows: [[String]] = [["figure", "value", "limit", "ratio"]]
  /// Whether nothing was lost that must not be.
  private(set) var isWhole = true

  /// - Parameter isFloor: whether the limit is the least that it may be, not the most.
  mutating func row(
    _ name: String, _ value: Double, _ unit: String, limit: Double? = nil, isFloor: Bool = false
  ) {
    let ratio = limit.map { Self.text(value / $0) } ?? ""
    let bound = limit.map { "\(isFloor ? "at least" : "at most") \(Self.text($0)) \(unit)" } ?? ""
    rows.append([name, "\(Self.text(value)) \(unit)", bound, ratio])
  }

  /// What must hold, whatever the machine.
  mutating func promise(_ name: String, _ holds: Bool, _ words: String) {
    rows.append([name, words, holds ? "holds" : "BROKEN", ""])
    if !holds { isWhole = false }
  }

  private static func text(_ value: Double) -> String {
    let scaled = (value * 100).rounded() / 100
    return scaled >= 100 ? "\(Int(scaled.rounded()))" : "\(scaled)"
  }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell + String(repeating: " ", count: width - cell.count + 2)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
