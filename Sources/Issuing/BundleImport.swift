package import AgentToken
internal import JSON

extension Issuer {
  /// Puts a bundle in force that was signed elsewhere: where the root key lives, or by a newer copy of
  /// this issuer.
  ///
  /// The keys it lists sign here as far as their private parts are here.
  ///
  /// - Returns: whether it is newer than the one here; false for the same one again.
  /// - Throws: what a host would say to it; nothing is changed then.
  package func take(bundle jws: String, waiting: () -> Void = {}) throws(Refusal) -> Bool {
    try DirectoryLock.hold(directory, waiting: waiting) { () throws(Refusal) in
      let current = try bundle()
      switch try current.successor(jws: Array(jws.utf8), scheme: scheme) {
      case .unchanged: return false
      case .newer(let next):
        // Its signer is looked up among the key files when it is read again.
        let signer = next.signer
        if try keys.load(signer.kid) == nil,
          let file = KeyFile(Array(signer.jwk.encoded().utf8), kid: signer.kid)
        {
          try keys.store(file)
        }
        try bundles.replace(current, with: next)
        return true
      }
    }
  }
}
