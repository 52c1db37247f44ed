import AgentToken
import Cluster
import Testing

@Suite("Slowing down who guesses")
struct AttemptLimitsTests {
  private let limits = AttemptLimits()

  private func refusal(_ keys: [String], at now: Int64) -> Refusal.Code? {
    do throws(Refusal) {
      try limits.check(keys, at: now)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func theWaitDoublesAndOthersAreServed() {
    for _ in 0..<5 { limits.fail(["a"], at: 100) }
    #expect(refusal(["a"], at: 100) == .tooMany)
    #expect(refusal(["a"], at: 101) == nil)
    #expect(refusal(["b"], at: 100) == nil)
    for _ in 0..<3 { limits.fail(["a"], at: 101) }
    #expect(refusal(["a"], at: 108) == .tooMany)
    #expect(refusal(["a"], at: 109) == nil)
    for _ in 0..<50 { limits.fail(["a"], at: 109) }
    #expect(refusal(["b", "a"], at: 109 + 299) == .tooMany)
    #expect(refusal(["a"], at: 109 + 300) == nil)
    // After a quarter of an hour of quiet it is forgotten.
    limits.fail(["a"], at: 109 + 900)
    #expect(refusal(["a"], at: 109 + 900) == nil)
  }

  @Test func manyAtOnceAreNoMoreThanManyAfterEachOther() throws {
    for _ in 0..<5 { try limits.begin(["a"], at: 100) }
    #expect(throws: Refusal.self) { try limits.begin(["a"], at: 100) }
    limits.succeed(["a"])
    try limits.begin(["a"], at: 100)
  }

  @Test func whoHasOnePasswordDoesNotGuessOthersForEver() throws {
    var guesses = 0
    for _ in 0..<100 {
      // One good login after each guess.
      guard (try? limits.begin(["a"], at: 100)) != nil else { continue }
      guesses += 1
      guard (try? limits.begin(["a"], at: 100)) != nil else { continue }
      limits.succeed(["a"])
    }
    #expect(guesses == 5)
  }

  @Test func aNameIsNotHeldUpWhereItIsKnown() throws {
    limits.remember(name: "ana", from: "192.0.2.1", at: 50)
    for source in 0..<20 {
      limits.fail(limits.keys(forName: "ana", from: "198.51.100.\(source)"), at: 100)
    }
    #expect(refusal(limits.keys(forName: "ana", from: "203.0.113.9"), at: 100) == .tooMany)
    #expect(refusal(limits.keys(forName: "ana", from: "192.0.2.1"), at: 100) == nil)
    #expect(refusal(limits.keys(forName: "ben", from: "203.0.113.9"), at: 100) == nil)
  }

  @Test func aSourceIsWhatOneCustomerIsGiven() {
    #expect(AttemptLimits.network(of: "192.0.2.1") == "192.0.2.1")
    #expect(AttemptLimits.network(of: "::ffff:192.0.2.1") == "192.0.2.1")
    #expect(
      AttemptLimits.network(of: "2001:db8:1:2::1") == AttemptLimits.network(of: "2001:db8:1:2:f::9")
    )
    #expect(
      AttemptLimits.network(of: "2001:db8:1:2::1") != AttemptLimits.network(of: "2001:db8:1:3::1"))
    #expect(AttemptLimits.network(of: "local") == "local")
  }

  @Test func aFloodFromManySourcesKeepsWhoFailedMost() {
    for _ in 0..<20 { limits.fail(["guesser"], at: 100) }
    for source in 0..<50_000 { limits.fail(["source \(source)"], at: 101) }
    #expect(refusal(["guesser"], at: 102) == .tooMany)
  }
}
