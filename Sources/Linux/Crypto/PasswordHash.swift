internal import CSodium

/// Passwords as they are kept: Argon2id (RFC 9106) with a salt of their own, in the PHC text form that
/// libsodium writes. Making and checking one takes a tenth of a second and 64 MiB, on purpose.
package enum PasswordHash {
  /// A text that `matches` the password, and no other; nil where there is no memory for it.
  package static func make(of password: [UInt8]) -> String? {
    _ = Sodium.isReady
    var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let result = crypto_pwhash_str(
      &text, password.map { CChar(bitPattern: $0) }, UInt64(password.count),
      UInt64(crypto_pwhash_OPSLIMIT_INTERACTIVE), Int(crypto_pwhash_MEMLIMIT_INTERACTIVE))
    guard result == 0 else { return nil }
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether the text was made of this password.
  package static func matches(_ text: String, _ password: [UInt8]) -> Bool {
    _ = Sodium.isReady
    guard text.utf8.count < Int(crypto_pwhash_STRBYTES) else { return false }
    let terminated = text.utf8.map { CChar(bitPattern: $0) } + [0]
    return crypto_pwhash_str_verify(
      terminated, password.map { CChar(bitPattern: $0) }, UInt64(password.count)) == 0
  }
}
