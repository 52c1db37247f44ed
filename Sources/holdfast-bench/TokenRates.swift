import AgentToken
import Linux
import TestSupport

/// Token verifications, in this process, beside what is left when all but the signature is taken
/// away, and beside OpenSSL.
struct TokenRates {
  /// The whole of a verification: form, key, signature, claims, revocation, time, replay.
  var verified: [Double] = []
  /// libsodium's part in it.
  var signatures: [Double] = []
  /// What `openssl speed` says of its own; empty where there is none.
  var openSSL: [Double] = []

  /// Takes turns with OpenSSL, so that a processor that changes its speed does so for both.
  static func measure(_ session: Session) throws -> TokenRates {
    var rates = TokenRates()
    let authority = MintingAuthority()
    let verifier = try authority.verifier()
    let time = TrustedTime(now: MintingAuthority.now)
    let tokens = (0..<64).map { authority.token(jti: "jti-0123456789-\(100 + $0)").bytes }
    let messages = try tokens.map(Signed.init)
    let publicKey = authority.pair(for: .siteAdmin).publicKey
    let ed25519 = Ed25519()

    var turn = 0
    for _ in 0..<rounds {
      try session.check()
      if let rate = openSSL() { rates.openSSL.append(rate) }
      try session.check()
      rates.verified += try Stopwatch.perSecond(spells: 3, seconds: 0.3, onOneCore: true) {
        turn += 1
        _ = try verifier.verify(tokens[turn % tokens.count], at: time) { _, _ in nil }
      }.values
      rates.signatures +=
        Stopwatch.perSecond(spells: 3, seconds: 0.3, onOneCore: true) {
          turn += 1
          let message = messages[turn % messages.count]
          precondition(
            ed25519.isValid(
              signature: message.signature, message: message.text, publicKey: publicKey))
        }.values
    }
    return rates
  }

  private static let rounds = 3

  func add(to report: inout Report) {
    report.heading("In this process; per second of one core")
    let openSSL = openSSL.isEmpty ? nil : Sample(openSSL)
    report.row(
      "token verifications", Sample(verified), .perSecond,
      beside: "openssl speed ed25519, verify", openSSL)
    report.row(
      "their signatures alone, by libsodium", Sample(signatures), .perSecond,
      beside: "openssl speed ed25519, verify", openSSL)
  }

  /// Verifications per second of user time, as openssl-speed(1) has it.
  private static func openSSL() -> Double? {
    let output = try? Command.output(of: "openssl", "speed", "-seconds", "1", "ed25519")
    // 253 bits EdDSA (Ed25519)   0.0000s   0.0001s  28513.0   9783.0
    let line = output?.split(separator: "\n").last { $0.contains("EdDSA (Ed25519)") }
    return line?.split(separator: " ").last.flatMap { Double($0) }
  }
}

/// A token as its signature sees it.
private struct Signed {
  struct NotCompact: Error {}

  let text: [UInt8]
  let signature: [UInt8]

  init(_ token: [UInt8]) throws {
    guard let dot = token.lastIndex(of: UInt8(ascii: ".")),
      let signature = Base64URL.decode(token[(dot + 1)...])
    else { throw NotCompact() }
    text = Array(token[..<dot])
    self.signature = signature
  }
}
