import Linux
import Testing

@testable import Agent

/// The key of a boot's challenges, and what is kept of it where.
@Suite struct ChallengeKeyTests {
  private let bytes: [UInt8] = Array("web-03".utf8)

  /// What PID 1 gives a daemon that starts again.
  private func kept(_ key: ChallengeKey) throws -> [(name: String, fd: FileDescriptor)] {
    [("challenge", try #require(key.memory).descriptor)]
  }

  @Test func aDaemonThatStartsAgainHasTheSameKey() throws {
    let first = ChallengeKey([])
    let second = ChallengeKey(try kept(first))
    #expect(second.hash(bytes) == first.hash(bytes))
    #expect(first.hash(bytes).count == 32)
  }

  @Test func anotherBootHasAnother() {
    #expect(ChallengeKey([]).hash(bytes) != ChallengeKey([]).hash(bytes))
  }

  @Test func renewingForgetsEveryChallenge() throws {
    let key = ChallengeKey([])
    let before = key.hash(bytes)
    key.renew()
    #expect(key.hash(bytes) != before)
    #expect(ChallengeKey(try kept(key)).hash(bytes) == key.hash(bytes))
  }

  @Test func whatIsNoKeyIsNotTaken() throws {
    let first = ChallengeKey([])
    let twice = try kept(first) + kept(first)
    #expect(ChallengeKey(twice).hash(bytes) != first.hash(bytes))
    for size in [1, 31, 33, 4096] {
      let other = try SharedMemory(name: "holdfast-test", size: size)
      let key = ChallengeKey([("challenge", other.descriptor)])
      #expect(key.hash(bytes) != KeyedHash.of(bytes, key: Array(repeating: 0, count: size)))
      #expect(key.memory != nil)
    }
  }

  @Test func onlyItsOwnDescriptorIsRead() throws {
    let first = ChallengeKey([])
    let other = ChallengeKey([("witness-a", try #require(first.memory).descriptor)])
    #expect(other.hash(bytes) != first.hash(bytes))
  }
}
