import AgentToken
import Foundation
import JSON
import TestSupport
import Testing

let authority = MintingAuthority()
let sodium = SodiumSignatures()
let now = MintingAuthority.now

/// The refusal that the body throws; nil where it throws none.
func refusal<Value>(_ body: () throws(Refusal) -> Value) -> Refusal? {
  do {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// What this host's verifier says to a text; nil where it takes it.
func judged(
  _ text: [UInt8], by verifier: TokenVerifier? = nil, at time: Int64 = now
) throws -> Refusal? {
  let verifier = try verifier ?? authority.verifier()
  return refusal { () throws(Refusal) in
    try verifier.verify(text, at: TrustedTime(now: time)) { _, _ in nil }
  }
}

func judged(_ token: JWSDraft, at time: Int64 = now) throws -> Refusal? {
  try judged(token.bytes, at: time)
}

func enrolled(_ bundle: JWSDraft) -> Refusal? {
  refusal { () throws(Refusal) in try authority.enrolled(bundle) }
}

/// A vector file.
func decoded<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
  let url = Bundle.module.bundleURL.appending(path: "Vectors/\(path)")
  return try JSONDecoder().decode(type, from: Data(contentsOf: url))
}

/// The bytes that hexadecimal digits stand for.
func bytes(hex: String) -> [UInt8] {
  let digits = hex.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
}

/// Expects the token to be refused as malformed, and the message to name what.
func expectMalformed(
  _ text: String, says part: String, at location: SourceLocation = #_sourceLocation
) throws {
  let refused = try judged(Array(text.utf8))
  #expect(refused?.code == .malformed, sourceLocation: location)
  #expect(
    refused?.message.contains(part) == true, "\(refused?.message ?? "")",
    sourceLocation: location)
}
