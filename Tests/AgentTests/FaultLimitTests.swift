import Testing

@testable import Agent

/// When the daemon starts in safe mode.
@Suite struct FaultLimitTests {
  @Test(arguments: [
    ([], false), ([100], false), ([60, 70, 80, 90], false),
    ([60, 70, 80, 90, 100], true), ([40, 60, 80, 90, 100], true),
    ([39, 60, 80, 90, 100], false), ([1, 2, 3, 4, 5, 100], false),
    // Of another boot: later than now.
    ([200, 201, 202, 203, 204], false),
  ])
  func fiveWithinAMinute(times: [Int64], isMany: Bool) {
    #expect(Agent.hasManyFaults(times, now: 100) == isMany)
  }
}
