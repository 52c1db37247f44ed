internal import JSON

extension ProtectedHost {
  /// A token that answers a challenge, issued right now.
  package func token(answering nonce: String) -> String {
    draft().with("nonce", .string(nonce)).text
  }
}
