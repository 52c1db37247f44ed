import Agent
import Testing

@Suite struct CrashLoopTests {
  private static let second: UInt64 = 1_000_000

  /// The delay after exits of which each says whether it was an error, `gap` microseconds apart.
  private func delay(after exits: [Bool], gap: UInt64) -> Int {
    var loop = CrashLoop()
    for (number, bySelf) in exits.enumerated() {
      _ = loop.ended(bySelf: bySelf, at: UInt64(number + 1) * gap)
    }
    return loop.delay
  }

  @Test(arguments: [
    // What goes on for some seconds is a loop, however quick it is.
    (Array(repeating: true, count: 11), second / 2, CrashLoop.longDelay),
    (Array(repeating: true, count: 501), second / 100, CrashLoop.longDelay),
    // A damaged file is back before that.
    (Array(repeating: true, count: 400), second / 100, 0),
    (Array(repeating: true, count: 9), second, 0),
    // Now and then is no loop.
    (Array(repeating: true, count: 50), 11 * second, 0),
    // Whoever kills it gets no delay for that.
    (Array(repeating: false, count: 500), second / 100, 0),
    (Array(repeating: true, count: 20) + [false], second, 0),
  ])
  func delays(exits: [Bool], gap: UInt64, expected: Int) {
    #expect(delay(after: exits, gap: gap) == expected)
  }

  @Test func whatIsSaidTwiceCountsOnce() {
    var loop = CrashLoop()
    for number in 1...CrashLoop.exits - 1 {
      for _ in 1...3 {
        let isLoop = loop.ended(bySelf: true, at: UInt64(number) * Self.second)
        #expect(!isLoop)
      }
    }
    let isLoop = loop.ended(bySelf: true, at: UInt64(CrashLoop.exits) * Self.second)
    #expect(isLoop)
  }

  @Test func whoStaysUpIsForgotten() {
    var loop = CrashLoop()
    _ = loop.ended(bySelf: true, at: Self.second)
    #expect(!loop.isOver(now: Self.second + CrashLoop.stable))
    #expect(loop.isOver(now: Self.second + CrashLoop.stable + 1))
  }
}
