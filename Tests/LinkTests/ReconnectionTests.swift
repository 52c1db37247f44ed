import Link
import Testing

@Suite struct ReconnectionTests {
  struct Step: Sendable {
    var ending: Reconnection.Ending
    var lasted: Int64 = 0
    /// Milliseconds with all of the jitter.
    var longest: Int64
    /// And with none.
    var shortest: Int64 = 0
  }

  @Test(arguments: [
    // Twice as long each time, and not longer than five minutes.
    [
      Step(ending: .lost, longest: 1_000), Step(ending: .lost, longest: 2_000),
      Step(ending: .lost, longest: 4_000), Step(ending: .lost, longest: 8_000),
      Step(ending: .lost, longest: 16_000), Step(ending: .lost, longest: 32_000),
      Step(ending: .lost, longest: 64_000), Step(ending: .lost, longest: 128_000),
      Step(ending: .lost, longest: 256_000), Step(ending: .lost, longest: 300_000),
      Step(ending: .lost, longest: 300_000),
    ],
    // One that lasted begins anew; one that broke at once does not.
    [
      Step(ending: .lost, longest: 1_000), Step(ending: .lost, lasted: 59_999, longest: 2_000),
      Step(ending: .lost, lasted: 60_000, longest: 1_000), Step(ending: .lost, longest: 2_000),
    ],
    // Who is refused waits for longer.
    [
      Step(ending: .refused, longest: 64_000), Step(ending: .refused, longest: 128_000),
      Step(ending: .lost, longest: 256_000),
    ],
    // The cluster may say when, and then not all come at once.
    [
      Step(ending: .bye(after: 60), longest: 90_000, shortest: 60_000),
      Step(ending: .bye(after: 0), longest: 1_000),
      Step(ending: .bye(after: -5), longest: 1_000),
      Step(ending: .bye(after: .max), longest: 5_400_000, shortest: 3_600_000),
      Step(ending: .lost, longest: 1_000),
    ],
  ])
  func waits(steps: [Step]) {
    var longest = Reconnection()
    var shortest = Reconnection()
    for step in steps {
      #expect(longest.wait(after: step.ending, lasted: step.lasted, jitter: 1) == step.longest)
      #expect(shortest.wait(after: step.ending, lasted: step.lasted, jitter: 0) == step.shortest)
    }
  }

  @Test func staysAtItsLongestForEver() {
    var reconnection = Reconnection()
    for _ in 0..<1_000 {
      #expect(reconnection.wait(after: .lost, lasted: 0, jitter: 1) <= Reconnection.longest)
    }
  }
}
