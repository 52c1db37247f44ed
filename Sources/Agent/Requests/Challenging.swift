internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Ledger
internal import Linux

/// `challenge`: a nonce for a token that needs no clock.
extension Agent {
  func challenge(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    try requireEnrolled()
    guard let identity = trust.trust?.identity else { throw Refusal.trustMissing }
    let now = Clock.wall()
    let nonce = nonce(for: identity)
    let head = recorder.head
    let text = ChallengeText(
      identity: identity, nonce: nonce, ledgerSize: head.size,
      ledgerHead: Hex.decode(head.root) ?? [], wall: now)
    connection.succeed([
      .init(name: "nonce", value: .string(nonce)),
      .init(name: "expires", value: .integer(now + Challenge.lifetime)),
      .init(name: "text", value: .string(text.text)),
      .init(
        name: "ledger",
        value: [
          "size": .integer(head.size), "head": .string(head.root),
          "checkpoint": checkpoint().map(JSON.string) ?? .null,
        ]),
    ])
  }

  /// What is good for 900 s, once it comes back signed.
  func nonce(for identity: Identity) -> String {
    challenges(of: identity).nonce(madeAt: Clock.boottimeSeconds())
  }

  /// What becomes of a nonce that comes back now.
  func judge(nonce: String, for identity: Identity) -> ChallengeVerdict {
    // Now, and not at the next tick: a machine that was set back knows a challenge that it may have
    // taken the answer to.
    noticeMachine()
    return challenges(of: identity).verdict(nonce, at: Clock.boottimeSeconds())
  }

  private func challenges(of identity: Identity) -> Challenge {
    Challenge(agent: identity.agent) { [challengeKey] in challengeKey.hash($0) }
  }
}
