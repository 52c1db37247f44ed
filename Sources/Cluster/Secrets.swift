package import AgentToken
internal import Crypto
internal import Linux

/// Makes and checks what only one side should know.
package struct Secrets: Sendable {
  private let key: SymmetricKey
  private let hashing: PasswordQueue

  /// - Parameter key: 32 bytes that seal registration tokens; they leave the server in backups only.
  package init(key: [UInt8]) {
    self.key = SymmetricKey(data: key)
    hashing = PasswordQueue()
  }

  /// A new record's id: 16 characters of base64url, which nobody guesses, and no command takes for an
  /// option.
  package func newID() -> String {
    var id = Base64URL.encode(Random.bytes(12))
    while id.hasPrefix("-") { id = Base64URL.encode(Random.bytes(12)) }
    return id
  }

  /// A new secret: 43 characters of base64url.
  package func newSecret() -> String { Base64URL.encode(Random.bytes(32)) }

  /// A password that one can type: 20 letters and digits in groups of five.
  package func newPassword() -> String {
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
    let picked = Random.bytes(20).map { letters[Int($0) & 31] }
    return stride(from: 0, to: 20, by: 5).map {
      String(decoding: picked[$0..<$0 + 5], as: UTF8.self)
    }.joined(separator: "-")
  }

  /// What a random secret is found by: SHA-256, in hexadecimal. Not for what people choose.
  package func hash(_ secret: String) -> String {
    SHA256Hash.hex(SHA256Hash.of(Array(secret.utf8)))
  }

  /// What tells whether two requests are the same: keyed, for there may be a password in them, which
  /// nobody shall guess at by what is kept of it.
  package func mark(of request: [UInt8]) -> String {
    let marking = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: key, info: Array("holdfast-cluster request".utf8), outputByteCount: 32)
    return Hex.encode(HMAC<SHA256>.authenticationCode(for: request, using: marking))
  }

  // MARK: Passwords

  /// A password as it is kept (`PasswordHash`). One is worked on at a time, for each takes
  /// 64 MiB; others wait their turn.
  ///
  /// - Throws: `busy` where too many wait.
  package func passwordHash(_ password: String) async throws(Refusal) -> String {
    guard let text = try await hashing.run({ PasswordHash.make(of: Array(password.utf8)) }) else {
      throw Refusal(.internalError, "There is no memory to hash a password.")
    }
    return text
  }

  /// Whether a password is the one kept. Where nothing is kept, it takes as long and is false.
  ///
  /// - Throws: `busy` where too many wait.
  package func isPassword(_ password: String, _ kept: String?) async throws(Refusal) -> Bool {
    try await hashing.run {
      PasswordHash.matches(kept ?? Self.nobody, Array(password.utf8)) && kept != nil
    }
  }

  /// The hash of a password that is no password, with the same cost.
  private static let nobody = PasswordHash.make(of: Random.bytes(32)) ?? ""

  // MARK: Sealing

  /// Bytes that only this cluster opens: ChaCha20-Poly1305 (RFC 8439).
  package func seal(_ bytes: [UInt8]) throws(Refusal) -> [UInt8] {
    do {
      return Array(try ChaChaPoly.seal(bytes, using: key).combined)
    } catch {
      throw Refusal(.internalError, "A secret could not be sealed: \(error)")
    }
  }

  /// - Returns: nil for what `seal` did not make with this key.
  package func open(_ sealed: [UInt8]) -> [UInt8]? {
    guard let box = try? ChaChaPoly.SealedBox(combined: sealed) else { return nil }
    return (try? ChaChaPoly.open(box, using: key)).map { Array($0) }
  }
}
