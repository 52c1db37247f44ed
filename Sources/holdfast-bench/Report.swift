/// What was measured, as a table: a figure, its value, what stands beside it, and the ratio of the
/// two.
struct Report: Sendable {
  private enum Line {
    case heading(String)
    case row([String])
  }

  private static let titles = ["figure", "value", "beside", "ratio"]
  private var lines: [Line] = []

  /// A line between rows, for what the next ones have in common.
  mutating func heading(_ text: String) {
    lines.append(.heading(text))
  }

  /// A figure beside a peer that was measured in the same run.
  mutating func row(
    _ figure: String, _ sample: Sample, _ unit: Unit, beside peer: String, _ other: Sample?
  ) {
    guard let other else {
      return lines.append(.row([figure, unit.text(sample), "no \(peer)", ""]))
    }
    lines.append(
      .row([
        figure, unit.text(sample), "\(peer): \(unit.text(other))",
        Self.ratio(sample.median, other.median),
      ]))
  }

  /// A figure beside the most that it may be.
  mutating func row(_ figure: String, _ sample: Sample, _ unit: Unit, limit: Double) {
    lines.append(
      .row([
        figure, unit.text(sample), "limit: \(unit.text(limit))",
        Self.ratio(sample.median, limit),
      ]))
  }

  /// A figure by itself.
  mutating func row(_ figure: String, _ sample: Sample, _ unit: Unit) {
    lines.append(.row([figure, unit.text(sample), "", ""]))
  }

  /// A figure that could not be had.
  mutating func row(_ figure: String, _ why: String) {
    lines.append(.row([figure, "", why, ""]))
  }

  /// Nothing where it would say nothing: of a difference that came out below zero.
  private static func ratio(_ value: Double, _ other: Double) -> String {
    value < 0 || other <= 0 ? "" : Unit.number(value / other)
  }

  /// Columns aligned, two spaces between them.
  var text: String {
    let rows = lines.compactMap { if case .row(let cells) = $0 { cells } else { nil } }
    let widths = Self.titles.indices.map { column in
      ([Self.titles] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 3 ? space + cell.0 : cell.0 + space
      }
      return trimmed(padded.joined(separator: "  ")) + "\n"
    }
    return line(Self.titles)
      + lines.map { entry in
        switch entry {
        case .heading(let text): "\n\(text)\n"
        case .row(let cells): line(cells)
        }
      }.joined()
  }

  private func trimmed(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }
}
