internal import AgentToken
internal import Linux

/// libsodium's Ed25519 as AgentToken asks for it.
///
/// A type of its own, so that this module declares no conformance that another module could
/// declare too.
package struct Libsodium: SignatureScheme {
  private let ed25519 = Ed25519()

  package init() {}

  package func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    ed25519.isValid(signature: signature, message: message, publicKey: publicKey)
  }

  package func isValidPublicKey(_ key: [UInt8]) -> Bool {
    ed25519.isValidPublicKey(key)
  }
}
