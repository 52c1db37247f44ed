import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// `ed25519_test.json` of Wycheproof.
struct Wycheproof: Decodable {
  struct Group: Decodable {
    struct Key: Decodable { let pk: String }
    let publicKey: Key
    let tests: [Case]
  }
  struct Case: Decodable {
    let tcId: Int
    let msg: String
    let sig: String
    let result: String
  }
  let numberOfTests: Int
  let testGroups: [Group]
}

@Suite("Ed25519 vectors")
struct SignatureVectorTests {
  @Test func everyWycheproofVectorComesOutAsMarked() throws {
    let file = try decoded(Wycheproof.self, "wycheproof/ed25519_test.json")
    var counts: [String: Int] = [:]
    for group in file.testGroups {
      for test in group.tests {
        let isValid = Ed25519().isValid(
          signature: bytes(hex: test.sig), message: bytes(hex: test.msg),
          publicKey: bytes(hex: group.publicKey.pk))
        #expect(isValid == (test.result == "valid"), "tcId \(test.tcId)")
        counts[test.result, default: 0] += 1
      }
    }
    #expect(counts == ["valid": 88, "invalid": 63])
    #expect(file.numberOfTests == 151)
  }

  struct SpecCheck: Decodable {
    let message: String
    let key: String
    let signature: String
    enum CodingKeys: String, CodingKey {
      case message
      case key = "pub_key"
      case signature
    }
  }

  @Test(arguments: [0, 1, 10, 11])
  func smallOrderKeysAreRefusedAtImport(_ number: Int) throws {
    let test = try decoded([SpecCheck].self, "speccheck/cases.json")[number]
    let key = bytes(hex: test.key)
    #expect(key.count == 32)
    #expect(!sodium.isValidPublicKey(key))
    #expect(
      !sodium.isValid(
        signature: bytes(hex: test.signature), message: bytes(hex: test.message), publicKey: key))
    let x = JSON.string(Base64URL.encode(key))
    let jwk: JSON = ["kty": "OKP", "crv": "Ed25519", "kid": "weak", "x": x]
    let alone = refusal { () throws(Refusal) in try PublicKey(jwk: jwk, scheme: sodium) }
    #expect(alone?.code == .bundleMalformed)
    #expect(alone?.message.contains("valid point") == true)
    let asRoot = enrolled(authority.bundle(roots: [authority.rootJWK, jwk]))
    #expect(asRoot?.code == .bundleMalformed)
    #expect(asRoot?.message.contains("\"weak\"") == true)
    let signing: JSON = [
      "kty": "OKP", "crv": "Ed25519", "kid": "weak", "x": x, "role": "site-admin",
    ]
    let asKey = enrolled(authority.bundle(keys: [signing]))
    #expect(asKey?.code == .bundleMalformed)
    #expect(asKey?.message.contains("\"weak\"") == true)
  }

  /// Points outside the prime-order group, on no curve at all, and encodings that are not canonical.
  @Test(
    arguments: [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "0200000000000000000000000000000000000000000000000000000000000000",
      "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
    ])
  func otherBadPointsAreRefusedToo(_ hex: String) {
    #expect(!sodium.isValidPublicKey(bytes(hex: hex)))
  }

  @Test func goodKeysAreTaken() throws {
    #expect(sodium.isValidPublicKey(authority.root.publicKey))
    #expect(try authority.rootKey().x == authority.root.publicKey)
  }
}
