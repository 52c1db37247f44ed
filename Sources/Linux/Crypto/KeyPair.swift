internal import CSodium

/// A private Ed25519 key (RFC 8032) and its public half.
package struct KeyPair: Sendable {
  /// The private key: 32 bytes.
  package let seed: [UInt8]
  /// 32 bytes.
  package let publicKey: [UInt8]
  /// libsodium's form: the seed, then the public key.
  private let secretKey: [UInt8]

  /// Nil unless the seed has 32 bytes.
  package init?(seed: [UInt8]) {
    if seed.count != 32 { return nil }
    self.init(checked: seed)
  }

  private init(checked seed: [UInt8]) {
    _ = Sodium.isReady
    var publicKey = [UInt8](repeating: 0, count: 32)
    var secretKey = [UInt8](repeating: 0, count: 64)
    crypto_sign_seed_keypair(&publicKey, &secretKey, seed)
    self.seed = seed
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  /// A new key from the kernel's random numbers.
  package static func generate() -> KeyPair {
    KeyPair(checked: Random.bytes(32))
  }

  /// The signature: 64 bytes, the same for the same message.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: 64)
    crypto_sign_detached(&signature, nil, message, UInt64(message.count), secretKey)
    return signature
  }
}
