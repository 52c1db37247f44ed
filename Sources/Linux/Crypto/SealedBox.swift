internal import CSodium
internal import Glibc

/// Bytes locked with a passphrase: Argon2id (RFC 9106) makes the key, XChaCha20-Poly1305 locks.
///
/// Layout, whose first 29 bytes are authenticated with the content:
///
///     4 bytes   "HFS1"
///     1         passes over the memory
///     4         memory in KiB, big-endian
///     16        salt
///     4         reserved, zero
///     24        nonce
///     n + 16    ciphertext and its tag
///
/// Sealing and opening take most of a second and 256 MiB, on purpose: for tools, never the daemon.
package enum SealedBox {
  private static let magic: [UInt8] = Array("HFS1".utf8)
  private static let headerLength = 29
  private static let nonceLength = 24
  private static let tagLength = 16
  /// libsodium's "moderate" limits.
  private static let passes: UInt8 = 3
  private static let memory: UInt32 = 256 << 10
  /// What `open` accepts from a file at most, so that a bad file cannot eat the machine.
  private static let highestPasses: UInt8 = 16
  private static let highestMemory: UInt32 = 1 << 20

  /// Locks bytes with a passphrase. ENOMEM where the machine has not the 256 MiB.
  package static func seal(
    _ bytes: [UInt8], passphrase: [UInt8]
  ) throws(SystemError) -> [UInt8] {
    let salt = Random.bytes(16)
    let nonce = Random.bytes(nonceLength)
    guard let key = key(passphrase, salt: salt, passes: passes, memory: memory) else {
      throw SystemError(errno: ENOMEM, operation: "derive a key from the passphrase")
    }
    let header = magic + [passes] + bigEndian(memory) + salt + [0, 0, 0, 0]
    var ciphertext = [UInt8](repeating: 0, count: bytes.count + tagLength)
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      &ciphertext, nil, bytes, UInt64(bytes.count), header, UInt64(header.count), nil, nonce, key)
    return header + nonce + ciphertext
  }

  /// The bytes; nil for a wrong passphrase, and for anything that `seal` did not make.
  package static func open(_ sealed: [UInt8], passphrase: [UInt8]) -> [UInt8]? {
    let start = headerLength + nonceLength
    if sealed.count < start + tagLength || !sealed.starts(with: magic) { return nil }
    let passes = sealed[4]
    let memory = sealed[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    if passes < 1 || passes > highestPasses || memory > highestMemory { return nil }
    let salt = Array(sealed[9..<25])
    guard let key = key(passphrase, salt: salt, passes: passes, memory: memory) else { return nil }
    let header = Array(sealed[..<headerLength])
    let nonce = Array(sealed[headerLength..<start])
    let ciphertext = Array(sealed[start...])
    var bytes = [UInt8](repeating: 0, count: ciphertext.count - tagLength)
    let result = crypto_aead_xchacha20poly1305_ietf_decrypt(
      &bytes, nil, nil, ciphertext, UInt64(ciphertext.count), header, UInt64(header.count), nonce,
      key)
    return result == 0 ? bytes : nil
  }

  /// As for bytes: the passphrase's UTF-8.
  package static func seal(
    _ bytes: [UInt8], passphrase: String
  ) throws(SystemError) -> [UInt8] {
    try seal(bytes, passphrase: Array(passphrase.utf8))
  }

  /// As for bytes: the passphrase's UTF-8.
  package static func open(_ sealed: [UInt8], passphrase: String) -> [UInt8]? {
    open(sealed, passphrase: Array(passphrase.utf8))
  }

  private static func key(
    _ passphrase: [UInt8], salt: [UInt8], passes: UInt8, memory: UInt32
  ) -> [UInt8]? {
    _ = Sodium.isReady
    var key = [UInt8](repeating: 0, count: 32)
    let result = crypto_pwhash(
      &key, UInt64(key.count), passphrase.map { CChar(bitPattern: $0) },
      UInt64(passphrase.count), salt, UInt64(passes), Int(memory) << 10,
      crypto_pwhash_ALG_ARGON2ID13)
    return result == 0 ? key : nil
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }
}
