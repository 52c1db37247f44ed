/// Figures as OpenMetrics 1.0 writes them.
struct OpenMetrics {
  static let type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  private var text = ""

  var bytes: [UInt8] { Array((text + "# EOF\n").utf8) }

  mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "counter", help)
    for sample in samples { line(name + "_total", sample) }
  }

  mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "gauge", help)
    for sample in samples { line(name, sample) }
  }

  /// How often, and seconds in all.
  mutating func summary(
    _ name: String, _ help: String, _ samples: [(count: Sample, microseconds: UInt64)]
  ) {
    family(name, "summary", help)
    for (sample, microseconds) in samples {
      line(name + "_count", sample)
      let fraction = String(microseconds % 1_000_000)
      let padded = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
      text += "\(name)_sum\(labels(sample)) \(microseconds / 1_000_000).\(padded)\n"
    }
  }

  struct Sample {
    var labels: [(name: String, value: String)] = []
    let value: Int
  }

  private mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# TYPE \(name) \(type)\n# HELP \(name) \(help)\n"
  }

  private mutating func line(_ name: String, _ sample: Sample) {
    text += "\(name)\(labels(sample)) \(sample.value)\n"
  }

  private func labels(_ sample: Sample) -> String {
    guard !sample.labels.isEmpty else { return "" }
    let pairs = sample.labels.map { name, value in
      var escaped = ""
      for scalar in value.unicodeScalars {
        switch scalar {
        case "\\": escaped += "\\\\"
        case "\"": escaped += "\\\""
        case "\n": escaped += "\\n"
        default: escaped.unicodeScalars.append(scalar)
        }
      }
      return "\(name)=\"\(escaped)\""
    }
    return "{" + pairs.joined(separator: ",") + "}"
  }
}
