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
    let range = "\(Self.number(sample.lowest)) to \(Self.number(sample.highest))"
    return "\(text(sample.median)) (\(range))"
  }

  /// About three digits that count: `25,310`, `253`, `25.3`, `2.53`, `0.25`, `0.004`; whole
  /// numbers as they are.
  static func number(_ value: Double) -> String {
    let size = value.magnitude
    if size >= 99.95 || value == value.rounded() { return grouped(Int(value.rounded())) }
    let places = size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 3
    let scale = [1, 10, 100, 1000][places]
    let scaled = Int((size * Double(scale)).rounded())
    let fraction = padded(scaled % scale, to: places)
    return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / scale).\(fraction)"
  }

  private static func grouped(_ value: Int) -> String {
    var groups: [String] = []
    var rest = value.magnitude
    while rest >= 1000 {
      groups.append(padded(Int(rest % 1000), to: 3))
      rest /= 1000
    }
    groups.append("\(rest)")
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  private static func padded(_ value: Int, to digits: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
