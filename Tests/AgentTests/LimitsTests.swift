import Testing

@testable import Agent

struct LimitsTests {
  static let none = UInt64.max

  @Test(
    arguments: [
      // As PID 1 says.
      ("max", "MemoryMax", none, nil), ("1048576", "MemoryMax", 1_048_576, nil),
      ("1044480", "MemoryMax", 1_048_000, nil), ("100", "TasksMax", 100, nil),
      ("max 100000", "CPUQuotaPerSecUSec", none, nil),
      ("20000 100000", "CPUQuotaPerSecUSec", 200_000, nil),
      // Looser than that.
      ("max", "MemoryMax", 1_048_576, nil), ("200", "TasksMax", 100, nil),
      // Shorter.
      ("4096", "MemoryMax", none, "max"), ("4096", "MemoryHigh", 1_048_576, "1048576"),
      ("1", "TasksMax", 100, "100"), ("0", "TasksMax", none, "max"),
      ("1000 100000", "CPUQuotaPerSecUSec", none, "max 100000"),
      ("1000 100000", "CPUQuotaPerSecUSec", 200_000, "20000 100000"),
      // Not what the kernel writes.
      ("", "MemoryMax", none, nil), ("-1", "TasksMax", 100, nil),
    ] as [(String, String, UInt64, String?)])
  func correctsWhatIsTighter(now: String, property: String, value: UInt64, wanted: String?) {
    #expect(Limits.correction(of: now, property: property, value: value) == wanted)
  }
}
