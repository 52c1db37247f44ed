/// Makes the nonces of challenges and knows them again, with nothing stored for any of them: 16
/// bytes, the second of CLOCK_BOOTTIME in which one was made (4, big-endian) and the first 12 of a
/// keyed hash over that and the agent's id, in base64url.
///
/// Whoever does not have the key can neither make one nor change its age, and one from before a
/// reboot, of another machine or of another agent is nobody's.
package struct Challenge {
  /// For how many seconds of CLOCK_BOOTTIME one is good.
  package static let lifetime: Int64 = 900
  private static let timeBytes = 4
  private static let proofBytes = 12

  private let agent: String
  private let keyedHash: ([UInt8]) -> [UInt8]

  /// - Parameter keyedHash: a MAC of at least 12 bytes, under a key of this boot of this machine.
  package init(agent: String, keyedHash: @escaping ([UInt8]) -> [UInt8]) {
    self.agent = agent
    self.keyedHash = keyedHash
  }

  /// The nonce of a challenge made in that second of CLOCK_BOOTTIME: 22 characters.
  package func nonce(madeAt second: Int64) -> String {
    let time = UInt32(truncatingIfNeeded: second)
    let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: time >> $0) }
    return Base64URL.encode(bytes + proof(of: bytes))
  }

  /// What becomes of a nonce that came back in that second of CLOCK_BOOTTIME.
  package func verdict(_ nonce: String, at second: Int64) -> ChallengeVerdict {
    guard let bytes = Base64URL.decode(nonce), bytes.count == Self.timeBytes + Self.proofBytes
    else { return .unknown }
    let time = Array(bytes.prefix(Self.timeBytes))
    guard isSame(bytes.dropFirst(Self.timeBytes), proof(of: time)) else { return .unknown }
    let elapsed = second - time.reduce(0) { $0 << 8 | Int64($1) }
    // Ours, but from what is still to come: a machine that was set back to an earlier state.
    guard elapsed >= 0 else { return .unknown }
    return elapsed <= Self.lifetime ? .good(elapsed: elapsed) : .expired(elapsed: elapsed)
  }

  private func proof(of time: [UInt8]) -> [UInt8] {
    Array(keyedHash(time + Array(agent.utf8)).prefix(Self.proofBytes))
  }

  /// In the same time wherever they differ, so that it cannot be guessed byte by byte.
  private func isSame(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
    left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
