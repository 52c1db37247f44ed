import JSON
import Linux
import TestSupport
import Testing

@testable import AgentToken

/// The nonces of challenges: made, known again, and nobody else's.
@Suite struct ChallengeTests {
  private static func challenge(
    _ agent: String = "web-03", key: [UInt8] = Array(repeating: 7, count: 32)
  ) -> Challenge {
    Challenge(agent: agent) { KeyedHash.of($0, key: key) }
  }

  private let challenge = Self.challenge()

  @Test func aNonceIsTheSecondAndTheStartOfAKeyedHash() throws {
    var hashed: [UInt8] = []
    let plain = Challenge(agent: "web-03") {
      hashed = $0
      return Array(0..<32)
    }
    let bytes = try #require(Base64URL.decode(plain.nonce(madeAt: 0x0102_0304)))
    #expect(bytes == [1, 2, 3, 4] + Array(0..<12))
    #expect(hashed == [1, 2, 3, 4] + Array("web-03".utf8))
  }

  @Test func oneIsGoodForNineHundredSecondsOfThisBoot() {
    let nonce = challenge.nonce(madeAt: 100)
    #expect(nonce.utf8.count == 22)
    #expect(challenge.verdict(nonce, at: 100) == .good(elapsed: 0))
    #expect(challenge.verdict(nonce, at: 1_000) == .good(elapsed: 900))
    #expect(challenge.verdict(nonce, at: 1_001) == .expired(elapsed: 901))
    #expect(challenge.verdict(nonce, at: 1_000_000) == .expired(elapsed: 999_900))
  }

  @Test func oneFromTheFutureIsUnknown() {
    #expect(challenge.verdict(challenge.nonce(madeAt: 101), at: 100) == .unknown)
  }

  @Test func oneOfAnotherBootOrMachineIsUnknown() {
    let other = Self.challenge(key: Array(repeating: 8, count: 32))
    #expect(challenge.verdict(other.nonce(madeAt: 100), at: 100) == .unknown)
  }

  @Test func oneOfAnotherAgentIsUnknown() {
    #expect(challenge.verdict(Self.challenge("web-04").nonce(madeAt: 100), at: 100) == .unknown)
  }

  @Test func noBitCanBeChanged() throws {
    let nonce = try #require(Base64URL.decode(challenge.nonce(madeAt: 100)))
    for bit in 0..<nonce.count * 8 {
      var forged = nonce
      forged[bit / 8] ^= 1 << (bit % 8)
      #expect(challenge.verdict(Base64URL.encode(forged), at: 100) == .unknown, "bit \(bit)")
    }
  }

  @Test func whatIsNoNonceIsUnknown() {
    let nonce = challenge.nonce(madeAt: 100)
    for text in ["", "AAAA", nonce + "A", String(nonce.dropLast()), " " + nonce, nonce + "=="] {
      #expect(challenge.verdict(text, at: 100) == .unknown, "\(text)")
    }
  }

  /// A value, and nothing that any number of them could fill.
  @Test func askingManyTimesKeepsNothing() {
    let first = challenge.nonce(madeAt: 100)
    var last = ""
    for _ in 0..<20_000 { last = challenge.nonce(madeAt: 101) }
    #expect(challenge.verdict(first, at: 102) == .good(elapsed: 2))
    #expect(challenge.verdict(last, at: 102) == .good(elapsed: 1))
  }

  // MARK: In a token

  private func judged(
    _ nonce: String, at time: TrustedTime, boottime: Int64
  ) throws -> Result<VerifiedToken, Refusal> {
    let verifier = try authority.verifier()
    let token = authority.token().with("nonce", .string(nonce))
    return Result { () throws(Refusal) in
      try verifier.verify(
        token.bytes, at: time, challenges: { challenge.verdict($0, at: boottime) },
        spent: { _, _ in nil })
    }
  }

  @Test func anAnswerCountsWhateverTheClockSays() throws {
    let nonce = challenge.nonce(madeAt: 100)
    let years: Int64 = 10 * 365 * 86_400
    for time in [
      TrustedTime(now: now), TrustedTime(now: now - years), TrustedTime(now: now + years),
      TrustedTime(now: now, hardFloor: now + years, doubt: .rolledBack),
      TrustedTime(now: 0, doubt: .stateMissing), TrustedTime(now: now, takesBearer: false),
    ] {
      #expect(try judged(nonce, at: time, boottime: 160).get().challengeElapsed == 60)
    }
  }

  @Test func aLateOrForeignAnswerDoesNot() throws {
    let late = try judged(
      challenge.nonce(madeAt: 100), at: TrustedTime(now: now), boottime: 1_001)
    #expect(throws: Refusal.self) { try late.get() }
    guard case .failure(let expired) = late else { return }
    #expect(expired.code == .challengeExpired)
    let foreign = try judged(
      Self.challenge("web-04").nonce(madeAt: 100), at: TrustedTime(now: now), boottime: 100)
    guard case .failure(let unknown) = foreign else {
      Issue.record("taken")
      return
    }
    #expect(unknown.code == .challengeUnknown)
  }
}
