internal import Linux

/// The hard limits that PID 1 has for a unit (systemd.resource-control(5)), and where the kernel
/// has them: the files of its control group (cgroups(7)).
struct Limits: Sendable, Equatable {
  private var values: [String: UInt64] = [:]

  /// Bytes, numbers of tasks, or microseconds of processor time per second.
  private static let files = [
    "MemoryMax": "memory.max", "MemoryHigh": "memory.high", "MemorySwapMax": "memory.swap.max",
    "TasksMax": "pids.max", "CPUQuotaPerSecUSec": "cpu.max",
  ]

  static let keys = Set(files.keys).union(["CPUWeight", "IOWeight"])

  init(_ properties: [String: BusValue]) {
    values = properties.filter { Self.keys.contains($0.key) }.compactMapValues(\.uint64)
  }

  /// The files of a group in which the kernel holds the service shorter than PID 1 says, and what
  /// is to stand there. Files that the group does not have are no limits.
  func tightened(in group: String) -> [(file: String, value: String)] {
    values.compactMap { property, value in
      guard let file = Self.files[property], let now = ControlGroup.value(group, file) else {
        return nil
      }
      return Self.correction(of: now, property: property, value: value).map { (file, $0) }
    }.sorted { $0.file < $1.file }
  }

  /// What should stand in a file that says `now`; nil where that is right, or looser.
  static func correction(of now: String, property: String, value: UInt64) -> String? {
    // `max`, a number, or for processor time one of them and a period in microseconds.
    let words = now.split(separator: " ")
    guard let first = words.first, let current = UInt64(first) else { return nil }
    if value == .max { return (["max"] + words.dropFirst()).joined(separator: " ") }
    guard property == "CPUQuotaPerSecUSec" else {
      // The kernel rounds memory to whole pages.
      return current + 65_536 < value || property == "TasksMax" && current < value
        ? String(value) : nil
    }
    guard words.count == 2, let period = UInt64(words[1]), period <= 1_000_000 else { return nil }
    let quota = value * period / 1_000_000
    return current + 1 < quota ? "\(quota) \(period)" : nil
  }
}
