import AgentToken
import JSON
import TestSupport
import Testing

/// The form of a token's text and of its header, each limit from both sides.
@Suite("Form of tokens")
struct TokenFormTests {
  // MARK: The text

  /// A good token of exactly so many bytes, made longer by white space after the JSON.
  private func token(bytes count: Int) -> String? {
    let token = authority.token()
    let header = token.header.encodedBytes()
    let payload = token.payload.encodedBytes()
    for headerPadding in 0..<4 {
      let base = token.text(header: header + [UInt8](repeating: 0x20, count: headerPadding))
      let missing = max(0, (count - base.utf8.count) * 3 / 4 - 4)
      for padding in missing..<missing + 10 {
        let text = token.text(
          header: header + [UInt8](repeating: 0x20, count: headerPadding),
          payload: payload + [UInt8](repeating: 0x0A, count: padding))
        if text.utf8.count == count { return text }
      }
    }
    return nil
  }

  @Test func aTokenHasAtMost2048Bytes() throws {
    let longest = try #require(token(bytes: 2_048))
    #expect(try judged(Array(longest.utf8)) == nil)
    let longer = try #require(token(bytes: 2_049))
    try expectMalformed(longer, says: "2049 bytes")
  }

  @Test func theTextHasThreePartsAndNothingElse() throws {
    let token = authority.token()
    let parts = token.text.split(separator: ".").map(String.init)
    let (header, payload, signature) = (parts[0], parts[1], parts[2])
    try expectMalformed("", says: "parts")
    try expectMalformed(header, says: "parts")
    try expectMalformed("\(header).\(payload)", says: "parts")
    try expectMalformed("..", says: "Header: it is empty")
    try expectMalformed(".\(payload).\(signature)", says: "Header: it is empty")
    try expectMalformed("\(header)..\(signature)", says: "Payload: it is empty")
    try expectMalformed("\(header).\(payload).", says: "Signature: it is empty")
    try expectMalformed(token.text + ".", says: "parts")
    try expectMalformed("." + token.text, says: "parts")
    try expectMalformed("\(token.text).\(signature)", says: "parts")
    for space in [" ", "\n", "\r\n", "\t", "\u{0}", "=", "==", "\u{FEFF}", "A==="] {
      try expectMalformed(token.text + space, says: "Signature")
      try expectMalformed(space + token.text, says: "Header")
      try expectMalformed("\(header).\(space)\(payload).\(signature)", says: "Payload")
    }
    try expectMalformed(#"{"protected":"\#(header)","payload":"\#(payload)"}"#, says: "parts")
  }

  @Test(arguments: [1, 32, 63, 65, 128])
  func aSignatureHas64Bytes(_ count: Int) throws {
    let parts = authority.token().text.split(separator: ".")
    let signature = Base64URL.encode([UInt8](repeating: 7, count: count))
    try expectMalformed("\(parts[0]).\(parts[1]).\(signature)", says: "\(count) bytes, not 64")
  }

  @Test(.timeLimit(.minutes(1)))
  func anythingElseIsRefusedFast() throws {
    let verifier = try authority.verifier()
    let mebibyte = 1 << 20
    let token = authority.token().bytes
    let texts: [[UInt8]] = [
      [UInt8](repeating: 0x41, count: mebibyte), [UInt8](repeating: 0x2E, count: mebibyte),
      [UInt8](repeating: 0, count: mebibyte), [UInt8](repeating: 0xFF, count: mebibyte),
      token + [UInt8](repeating: 0x41, count: mebibyte), [], [0], [0xFF], [0x2E, 0x2E],
      Array(0...255), [UInt8](repeating: 0x2E, count: 2_048),
      [UInt8](repeating: 0x41, count: 2_048),
    ]
    let clock = ContinuousClock()
    for text in texts {
      #expect(try judged(text, by: verifier)?.code == .malformed)
      // Far under a millisecond each; the bound is wide for a busy machine and an unoptimised build,
      // and still out of reach for anyone who looks at a whole mebibyte.
      let took = clock.measure { for _ in 0..<1_000 { _ = try? judged(text, by: verifier) } }
      #expect(took < .seconds(3), "\(text.count) bytes: \(took)")
    }
  }

  // MARK: The header

  @Test(
    arguments: [
      #"{}"#, #"[]"#, #""x""#, #"null"#, #"{"alg":"Ed25519","typ":"agent-token+jwt"}"#,
      #"{"alg":"Ed25519","kid":"k-site-admin"}"#,
      #"{"typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":1,"typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":null,"typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":["Ed25519"],"typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin","crit":["b64"],"b64":false}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin","jwk":{}}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin","ALG":"Ed25519"}"#,
      #"{"alg":"Ed25519","alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":"Ed25519","\u0061lg":"none","typ":"agent-token+jwt","kid":"k-site-admin"}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin\ud800"}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin",}"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin"}x"#,
      #"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k-site-admin"}{}"#,
      "{\"alg\":\"Ed25519\",\"typ\":\"agent-token+jwt\",\"kid\":\"k-site-admin\"}\u{A0}",
      "\u{FEFF}{\"alg\":\"Ed25519\",\"typ\":\"agent-token+jwt\",\"kid\":\"k-site-admin\"}",
      "{\"alg\":\"Ed25519\",\"typ\":\"agent-token+jwt\",\"\u{212A}id\":\"k-site-admin\"}",
    ])
  func theHeaderHasExactlyItsThreeMembers(_ header: String) throws {
    try expectMalformed(authority.token().text(header: Array(header.utf8)), says: "Header:")
  }

  @Test func theHeaderMustBeUTF8() throws {
    let header = Array(#"{"alg":"Ed25519","typ":"agent-token+jwt","kid":"k"#.utf8)
    let text = authority.token().text(header: header + [0xC0, 0x80, 0x22, 0x7D])
    try expectMalformed(text, says: "UTF-8")
  }

  @Test(
    arguments: [
      "\n {\"kid\":\"k-site-admin\" ,\t\"typ\":\"agent-token+jwt\",\r\n\"alg\":\"Ed25519\"}\r\n\t",
      #"{"\u0061lg":"Ed2551\u0039","typ":"agent\u002dtoken+jwt","kid":"k-site-admin"}"#,
    ])
  func theHeaderMayBeWrittenInOtherWays(_ header: String) throws {
    let text = authority.token().text(header: Array(header.utf8))
    #expect(try judged(Array(text.utf8)) == nil)
  }

  @Test(
    arguments: [
      "JWT", "", "agent-token", "AGENT-TOKEN+JWT", "agent-token+jwt ",
      "application/agent-token+jwt",
      "trust-bundle+jwt", "agent-token2+jwt",
    ])
  func theTypeIsThatOfAgentTokens(_ type: String) throws {
    try expectMalformed(authority.token().withHeader("typ", .string(type)).text, says: "\"typ\"")
  }

  @Test func kidsHave1To64Characters() throws {
    let unknown = ["k", String(repeating: "k", count: 64), "A.Z_a-z.0-9"]
    for kid in unknown {
      let code = try judged(authority.token().withHeader("kid", .string(kid)))?.code
      #expect(code == .unknownKey)
    }
    let malformed = [
      "", String(repeating: "k", count: 65), "k 1", "k/1", "k:1", "k@1", "k\u{0}", "ké",
      "\u{212A}1", "../k",
    ]
    for kid in malformed {
      try expectMalformed(authority.token().withHeader("kid", .string(kid)).text, says: "\"kid\"")
    }
  }
}
