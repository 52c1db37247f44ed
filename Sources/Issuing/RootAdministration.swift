package import AgentToken
internal import JSON
internal import Linux

/// Replacing a root takes two bundles: one that lists old and new, signed by the old, and one that
/// the new root signs. Hosts that were away follow them with `chain(from:)`.
extension Issuer {
  /// Makes a second root key and lists it beside the one that signs.
  package func addRoot(
    kid: String? = nil, passphrase: Passphrase? = nil, waiting: () -> Void = {}
  ) throws(Refusal) -> KeyChange {
    var made = ""
    let bundle = try revise(passphrase: passphrase, waiting: waiting) {
      (current) throws(Refusal) in
      let file = try newKey(kid, stem: "root", in: current, passphrase: passphrase)
      made = file.kid
      var draft = BundleDraft(
        following: current, issuedAt: surroundings.now(), above: try floor())
      draft.roots.append(file.publicJWK)
      return Revision(draft: draft, newKeys: [file])
    }
    return KeyChange(bundle: bundle, kid: made, changed: true)
  }

  /// Takes a root off the list and removes its private part. The newest root that stays signs.
  ///
  /// - Throws: `unknown_key`, or `invalid_request` where it is the only root.
  package func retireRoot(
    _ kid: String, passphrase: Passphrase? = nil, waiting: () -> Void = {}
  ) throws(Refusal) -> KeyChange {
    let bundle = try revise(passphrase: passphrase, waiting: waiting) {
      (current) throws(Refusal) in
      guard current.roots.contains(where: { $0.kid == kid }) else {
        throw Refusal(
          .unknownKey, "trust bundle \(current.sequence) lists no root \(kid.quoted())",
          hint: "See which there are with `holdfast-cluster key list`.")
      }
      guard let heir = current.roots.last(where: { $0.kid != kid }) else {
        throw Refusal(
          .invalid, "\(kid) is the only root, and without it nothing can be signed",
          hint: "Make its successor first with `holdfast-cluster root add`.")
      }
      guard let signer = try keys.load(heir.kid) else {
        throw Refusal(
          .keyUnavailable, "the key file of \(heir.kid) is missing: \(keys.path(heir.kid))")
      }
      var draft = BundleDraft(
        following: current, issuedAt: surroundings.now(), above: try floor())
      draft.remove(root: kid)
      return Revision(draft: draft, deadKeys: [kid], signer: signer)
    }
    return KeyChange(bundle: bundle, kid: kid, changed: true)
  }
}
