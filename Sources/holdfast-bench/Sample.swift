/// What one figure came out as, each time that it was measured: all in the same unit, in order of
/// size.
struct Sample: Sendable {
  let values: [Double]

  /// - Parameter values: at least one.
  init(_ values: [Double]) {
    precondition(!values.isEmpty, "a figure that was never measured")
    self.values = values.sorted()
  }

  var lowest: Double { values[0] }
  var highest: Double { values[values.count - 1] }

  /// The middle one; of an even number, the mean of the two in the middle.
  var median: Double {
    (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}

/// What a figure counts.
enum Unit {
  case perSecond
  /// Milliseconds.
  case milliseconds
  /// Mebibytes: MB as the limits have it, 1,048,576 bytes.
  case mebibytes
  case count

  func text(_ value: Double) -> String {
    switch self {
    case .perSecond: "\(Self.number(value)) /s"
    case .milliseconds: "\(Self.number(value)) ms"
    case .mebibytes: "\(Self.number(value)) MB"
    case .count: Self.number(value)
    }
  }

  /// The median, and where there is more than one value what they lie between.
  func text(_ sample: Sample) -> String {
    guard sample.values.count > 1 else { return text(sample.median) }
    return "\(text(sample.median)) (\(Self.number(sample.lowest)) to \(Self.number(sample.highest)))"
  }

  /// Three digits that count: `25,310`, `253`, `25.3`, `2.53`, `0.25`; whole numbers as they are.
  static func number(_ value: Double) -> String {
    let size = value.magnitude
    if size >= 99.95 || value == value.rounded() { return grouped(Int(value.rounded())) }
    let scale: Double = size >= 9.995 ? 10 : 100
    let scaled = Int((size * scale).rounded())
    let digits = "\(scaled % Int(scale))"
    let fraction = String(repeating: "0", count: (scale == 10 ? 1 : 2) - digits.count) + digits
    return "\(value < 0 ? "-" : "")\(scaled / Int(scale)).\(fraction)"
  }

  private static func grouped(_ value: Int) -> String {
    var groups: [String] = []
    var rest = value.magnitude
    while rest >= 1000 {
      let last = "\(rest % 1000)"
      groups.append(String(repeating: "0", count: 3 - last.count) + last)
      rest /= 1000
    }
    groups.append("\(rest)")
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}
