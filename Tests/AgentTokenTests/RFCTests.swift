import AgentToken
import JSON
import Linux
import TestSupport
import Testing

@Suite("RFC vectors")
struct RFCTests {
  struct RFC8037: Decodable {
    struct Key: Decodable {
      let d: String
      let x: String
    }
    let privateKey: Key
    let thumbprint: String
    let jws: String
    let payload: String
    enum CodingKeys: String, CodingKey {
      case privateKey = "private_jwk"
      case thumbprint = "thumbprint_sha256"
      case jws
      case payload
    }
  }

  private func appendix() throws -> (file: RFC8037, pair: KeyPair) {
    let file = try decoded(RFC8037.self, "rfc/rfc8037_appendix_a.json")
    let seed = try #require(Base64URL.decode(file.privateKey.d))
    return (file, try #require(KeyPair(seed: seed)))
  }

  @Test func theSignatureOfRFC8037IsReproduced() throws {
    let (file, pair) = try appendix()
    #expect(Base64URL.encode(pair.publicKey) == file.privateKey.x)
    let jws = CompactJWS.make(
      header: Array(#"{"alg":"EdDSA"}"#.utf8), payload: Array(file.payload.utf8), sign: pair.sign)
    #expect(jws == file.jws)
    // The same from JSON: the writer's header is the RFC's, byte for byte.
    let header: JSON = ["alg": "EdDSA"]
    #expect(jws.hasPrefix(Base64URL.encode(header.encodedBytes()) + "."))
  }

  @Test func theThumbprintOfRFC8037IsReproduced() throws {
    let (file, pair) = try appendix()
    let required: JSON = [
      "crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(pair.publicKey)),
    ]
    #expect(Base64URL.encode(SHA256Hash.of(required.encodedBytes())) == file.thumbprint)
  }

  @Test func theTokenOfRFC8037IsNoAgentToken() throws {
    let (file, _) = try appendix()
    #expect(try judged(Array(file.jws.utf8))?.code == .malformed)
  }

  @Test func aPrivateKeyIsNoRoot() throws {
    let (file, _) = try appendix()
    let jwk: JSON = [
      "kty": "OKP", "crv": "Ed25519", "kid": "rfc", "d": .string(file.privateKey.d),
      "x": .string(file.privateKey.x),
    ]
    let problem = refusal { () throws(Refusal) in try PublicKey(jwk: jwk, scheme: sodium) }
    #expect(problem?.code == .bundleMalformed)
    #expect(problem?.message.contains("private part") == true)
    #expect(problem?.message.contains(file.privateKey.d) == false)
  }

  struct RFC7515: Decodable {
    struct Example: Decodable { let jws: String }
    let hs256: Example
    let unsigned: Example
    enum CodingKeys: String, CodingKey {
      case hs256 = "A.1"
      case unsigned = "A.5"
    }
  }

  @Test func theTokensOfRFC7515AreRefused() throws {
    let file = try decoded(RFC7515.self, "rfc/rfc7515_appendix_a.json")
    #expect(try judged(Array(file.hs256.jws.utf8))?.code == .malformed)
    let unsigned = try judged(Array(file.unsigned.jws.utf8))
    #expect(unsigned?.code == .malformed)
    #expect(unsigned?.message == "Signature: it is empty.")
  }

  struct JWSVectors: Decodable {
    struct Group: Decodable {
      struct Case: Decodable {
        let tcId: Int
        let jws: String
      }
      let tests: [Case]
    }
    let testGroups: [Group]
  }

  @Test func everyWycheproofJWSIsRefused() throws {
    let file = try decoded(JWSVectors.self, "wycheproof/json_web_signature_test.json")
    let verifier = try authority.verifier()
    let cases = file.testGroups.flatMap(\.tests)
    #expect(cases.count == 401)
    for test in cases {
      #expect(
        try judged(Array(test.jws.utf8), by: verifier)?.code == .malformed, "tcId \(test.tcId)")
    }
  }
}
