import Agent
import Testing

@Suite struct FailureLimitTests {
  static let second: UInt64 = 1_000_000

  @Test func theLimitIsPerUserAndMinute() {
    var limit = FailureLimit(perMinute: 10)
    for _ in 0..<10 { #expect(limit.fail(uid: 0, now: 5 * Self.second) == nil) }
    #expect(limit.fail(uid: 0, now: 15 * Self.second) == 50)
    #expect(limit.fail(uid: 1000, now: 15 * Self.second) == nil)
    #expect(limit.fail(uid: 0, now: 65 * Self.second) == nil)
  }
}
