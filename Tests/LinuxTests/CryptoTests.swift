import Glibc
import Linux
import Testing

@Suite struct Ed25519Tests {
  /// RFC 8032, section 7.1: tests 1 to 3.
  static let vectors: [(seed: String, key: String, message: String, signature: String)] = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        + "d25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        + "387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        + "4a7c15e9716ed28dc027beceea1ec40a"
    ),
  ]

  @Test(arguments: vectors.indices) func agreesWithTheStandard(index: Int) throws {
    let vector = Self.vectors[index]
    let seed = try #require(Hex.decode(vector.seed))
    let message = try #require(Hex.decode(vector.message))
    let pair = try #require(KeyPair(seed: seed))
    #expect(Hex.encode(pair.publicKey) == vector.key)
    let signature = pair.sign(message)
    #expect(Hex.encode(signature) == vector.signature)
    #expect(
      Ed25519().isValid(signature: signature, message: message, publicKey: pair.publicKey))
    #expect(
      !Ed25519().isValid(signature: signature, message: message + [0], publicKey: pair.publicKey))
    var changed = signature
    changed[10] ^= 1
    #expect(!Ed25519().isValid(signature: changed, message: message, publicKey: pair.publicKey))
  }

  @Test func refusesAnSThatIsTooLarge() throws {
    let pair = KeyPair.generate()
    let message: [UInt8] = [1, 2, 3]
    var signature = pair.sign(message)
    // S + L, which a careless verifier takes as well: RFC 8032, section 8.4.
    let order = try #require(
      Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
    var carry = 0
    for index in 0..<32 {
      carry += Int(signature[32 + index]) + Int(order[index])
      signature[32 + index] = UInt8(carry & 255)
      carry >>= 8
    }
    #expect(!Ed25519().isValid(signature: signature, message: message, publicKey: pair.publicKey))
  }

  @Test func refusesWeakKeys() {
    // The identity and a point of order 8, with a signature that fits both: R the same, S = 0.
    let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    let eight =
      Hex.decode("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05") ?? []
    let zero = [UInt8](repeating: 0, count: 32)
    for key in [identity, eight] {
      #expect(!Ed25519().isValidPublicKey(key))
      #expect(!Ed25519().isValid(signature: identity + zero, message: [1], publicKey: key))
    }
    #expect(Ed25519().isValidPublicKey(KeyPair.generate().publicKey))
    #expect(!Ed25519().isValidPublicKey([]))
    #expect(!Ed25519().isValidPublicKey([UInt8](repeating: 255, count: 32)))
  }

  @Test func refusesWrongLengths() {
    let pair = KeyPair.generate()
    let signature = pair.sign([])
    #expect(!Ed25519().isValid(signature: [], message: [], publicKey: pair.publicKey))
    #expect(!Ed25519().isValid(signature: signature, message: [], publicKey: []))
    #expect(!Ed25519().isValid(signature: signature + [0], message: [], publicKey: pair.publicKey))
    #expect(KeyPair(seed: [1, 2, 3]) == nil)
  }
}

@Suite struct SHA256Tests {
  /// FIPS 180's examples, and the empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func agreesWithTheStandard(message: String, hash: String) {
    #expect(SHA256Hash.hex(SHA256Hash.of(Array(message.utf8))) == hash)
  }

  @Test func hashesAMillionLettersOfAFile() throws {
    let directory = try TemporaryDirectory()
    try Files.writeAtomically(
      directory("file"), [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(
      SHA256Hash.hex(try SHA256Hash.ofFile(directory("file")))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func hashesFilesLargerThanOnePiece() throws {
    let directory = try TemporaryDirectory()
    let bytes = Random.bytes(2_500_000)
    try Files.writeAtomically(directory("file"), bytes)
    #expect(try SHA256Hash.ofFile(directory("file")) == SHA256Hash.of(bytes))
  }

  @Test func hashesPieces() {
    var hasher = SHA256Hasher()
    hasher.update([])
    hasher.update(Array("ab".utf8))
    hasher.update(Array("c".utf8))
    #expect(hasher.finish() == SHA256Hash.of(Array("abc".utf8)))
  }
}

@Suite struct SealedBoxTests {
  @Test func opensWithTheSamePassphraseOnly() throws {
    let secret = Random.bytes(32)
    let sealed = try SealedBox.seal(secret, passphrase: "correct horse")
    #expect(SealedBox.open(sealed, passphrase: "correct horse") == secret)
    #expect(SealedBox.open(sealed, passphrase: "battery staple") == nil)
    for index in [5, 12, sealed.count / 2, sealed.count - 1] {
      var changed = sealed
      changed[index] ^= 1
      #expect(SealedBox.open(changed, passphrase: "correct horse") == nil)
    }
  }

  @Test func refusesWhatItDidNotMake() throws {
    #expect(SealedBox.open([], passphrase: "x") == nil)
    #expect(SealedBox.open(Random.bytes(200), passphrase: "x") == nil)
    let greedy = Array("HFS1".utf8) + [3, 0xff, 0xff, 0xff, 0xff] + Random.bytes(100)
    #expect(SealedBox.open(greedy, passphrase: "x") == nil)
  }
}

@Suite struct HexTests {
  @Test func goesBothWays() {
    #expect(Hex.encode([0, 0x1f, 0xa0, 0xff]) == "001fa0ff")
    #expect(Hex.decode("001fA0ff") == [0, 0x1f, 0xa0, 0xff])
    #expect(Hex.decode("") == [])
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0g") == nil)
  }

  @Test func randomBytesDiffer() {
    #expect(Random.bytes(32).count == 32)
    #expect(Random.bytes(32) != Random.bytes(32))
    #expect(Random.bytes(0) == [])
  }
}
