package import AgentToken
internal import JSON
internal import Linux

/// The time as it is handed out to a host that asked.
package struct IssuedTime: Sendable {
  package let text: String
  package let content: SignedTime
}

extension Issuer {
  /// Says what time it is to a host that asks with a challenge.
  package func signTime(
    agent: String, nonce: String, kid: String? = nil, passphrase: Passphrase? = nil
  ) throws(Refusal) -> IssuedTime {
    try Identifier.check(agent, "agent")
    return try sign(
      .time,
      [.init(name: "agent", value: .string(agent)), .init(name: "nonce", value: .string(nonce))],
      agent: agent, kid: kid, passphrase: passphrase
    ) { (verifier, text) throws(Refusal) in
      IssuedTime(
        text: String(decoding: text, as: UTF8.self),
        content: try verifier.time(text) { _ in .good(elapsed: 0) })
    }
  }
}
