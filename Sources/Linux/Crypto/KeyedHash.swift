internal import CSodium

/// BLAKE2b with a key (RFC 7693), libsodium's crypto_generichash: a MAC.
package enum KeyedHash {
  /// Bytes of a key, and of a hash.
  package static let size = 32

  /// The hash: 32 bytes.
  package static func of(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    _ = Sodium.isReady
    var hash = [UInt8](repeating: 0, count: size)
    // Fails only for sizes that these are not.
    _ = crypto_generichash(&hash, size, bytes, UInt64(bytes.count), key, key.count)
    return hash
  }
}
