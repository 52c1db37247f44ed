internal import CSodium

/// Ed25519 signatures: RFC 8032, with libsodium's stricter rules.
package struct Ed25519: Sendable {
  package init() {
    _ = Sodium.isReady
  }

  /// Whether the signature is the key's for exactly this message.
  ///
  /// False as well for a key or an R of small order, a key that is not canonical, S ≥ L, and the
  /// wrong lengths (64 bytes, 32 bytes).
  package func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    signature.count == 64 && publicKey.count == 32
      && crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
  }

  /// Whether the bytes are a public key that could be someone's: 32 of them, canonical, a point on
  /// the curve, in the main subgroup, not of small order.
  package func isValidPublicKey(_ key: [UInt8]) -> Bool {
    key.count == 32 && crypto_core_ed25519_is_valid_point(key) == 1
  }
}
