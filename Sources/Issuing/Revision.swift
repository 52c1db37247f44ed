internal import AgentToken
internal import Linux

/// One change of an issuer: what the next bundle says, and which key files come and go with it.
struct Revision {
  var draft: BundleDraft
  /// Written before the bundle.
  var newKeys: [KeyFile] = []
  /// Removed after the bundle, with their private parts.
  var deadKeys: [String] = []
  /// Who signs, where it is not the root that signed the bundle before.
  var signer: KeyFile?
}

extension Issuer {
  /// Takes the lock, lets `edit` write the next bundle, signs it, verifies it as a host would,
  /// and only then puts it in force.
  ///
  /// - Parameter waiting: called where another change is being made, before the wait.
  /// - Parameter edit: given the bundle in force. What it throws leaves everything as it was; so
  ///   does returning nil.
  /// - Returns: the bundle in force afterwards.
  func revise(
    passphrase: Passphrase?, waiting: () -> Void,
    _ edit: (TrustBundle) throws(Refusal) -> Revision?
  ) throws(Refusal) -> TrustBundle {
    _ = try bundle()
    try check(passphrase)
    return try DirectoryLock.hold(directory, waiting: waiting) { () throws(Refusal) in
      let current = try bundle()
      guard let revision = try edit(current) else { return current }
      let signer =
        if let other = revision.signer { other } else {
          try signingRoot(of: Array(current.jws.utf8))
        }
      let jws = revision.draft.signed(by: try signer.open(passphrase), kid: signer.kid)
      let next = try verify(jws, after: current)
      try publish(next, after: current, revision)
      return next
    }
  }

  /// What a host at the bundle before says to this one.
  private func verify(_ jws: String, after current: TrustBundle) throws(Refusal) -> TrustBundle {
    let succession: Succession
    do {
      succession = try current.successor(jws: Array(jws.utf8), scheme: scheme)
    } catch {
      throw Refusal(
        error.code,
        "hosts would refuse the new trust bundle, so nothing was changed: \(error.message)",
        hint: error.hint)
    }
    guard case .newer(let next) = succession else {
      throw Refusal(.issuerDamaged, "the new trust bundle is the same as the one before")
    }
    return next
  }

  private func publish(
    _ next: TrustBundle, after current: TrustBundle, _ revision: Revision
  ) throws(Refusal) {
    keys.sweep()
    do throws(Refusal) {
      for file in revision.newKeys { try keys.store(file) }
      try bundles.replace(current, with: next)
    } catch {
      // A write that failed late may have put the new bundle in force all the same.
      if let left = try? bundles.current(), left == Array(current.jws.utf8) {
        for file in revision.newKeys { try? keys.remove(file.kid) }
      }
      throw error
    }
    for kid in revision.deadKeys { try keys.remove(kid) }
  }
}
