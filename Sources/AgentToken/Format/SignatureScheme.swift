/// Ed25519 (RFC 8032) as this module needs it; whoever links a crypto library passes it in.
package protocol SignatureScheme: Sendable {
  /// Whether the 64 bytes are a signature of the message under the 32-byte key.
  ///
  /// False also where R or the key is of small order, where S ≥ L, and for any other length.
  func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool

  /// Whether the 32 bytes are the canonical encoding of a point of the prime-order group, as
  /// libsodium's `crypto_core_ed25519_is_valid_point` has it.
  func isValidPublicKey(_ key: [UInt8]) -> Bool
}
