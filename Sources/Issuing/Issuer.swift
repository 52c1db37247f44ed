package import AgentToken
internal import JSON
internal import Linux

/// A cluster's offline issuer: a directory with its keys and its trust bundles.
///
///     bundle.jws      the trust bundle in force
///     bundles/        those that changed the roots
///     keys/KID.jwk    the keys, mode 0600
///     hosts/ID.json   what challenges said of hosts' ledgers
///     went-back       when it was restored from a backup, if it was
///     lock            held during a change
///
/// The bundle in force is the only truth: it says which keys there are. Every change writes new
/// keys first, then the bundle, then removes what it replaced, so a crash leaves the issuer as it
/// was or as it was to be. Reading takes no lock, because every file is replaced in one step.
package struct Issuer: Sendable {
  package let directory: String
  let keys: KeyStore
  let bundles: BundleStore
  let surroundings: Surroundings
  let scheme = Libsodium()

  /// - Parameter directory: where `create` made it; nothing is read yet.
  package init(directory: String, surroundings: Surroundings) {
    self.directory = directory
    self.surroundings = surroundings
    keys = KeyStore(directory: "\(directory)/keys")
    bundles = BundleStore(directory: directory)
  }

  /// The trust bundle in force, verified with the root that signed it.
  ///
  /// - Throws: `issuer_missing`, `issuer_damaged`, `system_error`.
  package func bundle() throws(Refusal) -> TrustBundle {
    guard let jws = try bundles.current() else {
      guard try keys.kids().isEmpty else {
        throw Refusal(
          .issuerDamaged, "\(directory) holds keys but no trust bundle",
          hint: "Restore \(bundles.currentPath) from a backup. "
            + "If `init` was interrupted here, run it again.")
      }
      throw Refusal(
        .issuerMissing, "there is no issuer in \(directory)",
        hint: "Name its directory with --dir, or make one with `holdfast-cluster init`.")
    }
    let root = try PublicKey(jwk: signingRoot(of: jws).publicJWK, scheme: scheme)
    do {
      return try TrustBundle.enrol(jws: jws, root: root, scheme: scheme)
    } catch {
      throw Refusal(
        .issuerDamaged,
        "\(bundles.currentPath) is not the trust bundle that it was: \(error.message)",
        hint: "Restore it from a backup.")
    }
  }

  /// What time it is here, in seconds since the epoch.
  package var now: Int64 { surroundings.now() }

  /// The root that signs this issuer's bundles, as a host's `--root FILE` holds it.
  package func root() throws(Refusal) -> PublicKey {
    try bundle().signer
  }

  /// Whether the keys are sealed, so that signing takes a passphrase.
  package func isSealed() throws(Refusal) -> Bool {
    try keys.isSealed()
  }

  /// The paths of key files that others may read although they are not sealed.
  package func exposedKeys() throws(Refusal) -> [String] {
    try keys.exposed()
  }

  /// What takes a host at `sequence` to the bundle in force: every bundle since then that changed
  /// the roots, and the one in force, to be imported in this order.
  ///
  /// - Parameter sequence: the bundle that the host has; 0 for the whole chain.
  /// - Returns: nothing where the host has the bundle in force already.
  /// - Throws: `invalid_request` where the host would be ahead of this issuer.
  package func chain(from sequence: Int64) throws(Refusal) -> [TrustBundle] {
    let current = try bundle()
    guard sequence >= 0, sequence <= current.sequence else {
      throw Refusal(
        .invalid,
        "the trust bundle here is \(current.sequence), so no host can have \(sequence)",
        hint: sequence < 0 ? nil : "Is this the newest copy of the issuer?")
    }
    guard sequence < current.sequence else { return [] }
    let earlier = try bundles.archived().filter { $0.sequence < current.sequence }
    if let last = earlier.last {
      guard case .newer? = try? last.successor(jws: Array(current.jws.utf8), scheme: scheme) else {
        throw Refusal(
          .issuerDamaged,
          "trust bundle \(current.sequence) does not follow from \(last.sequence), kept in "
            + "\(bundles.archivePath)",
          hint: "Restore the directory from a backup.")
      }
    }
    return earlier.filter { $0.sequence > sequence } + [current]
  }

  /// The key file of the root that a bundle names as its signer.
  func signingRoot(of jws: [UInt8]) throws(Refusal) -> KeyFile {
    guard let claimed = UnverifiedBundle(jws), KeyID.isValid(claimed.kid) else {
      throw Refusal(
        .issuerDamaged, "\(bundles.currentPath) is not a trust bundle",
        hint: "Restore it from a backup.")
    }
    guard let file = try keys.load(claimed.kid) else {
      throw Refusal(
        .issuerDamaged,
        "the root key that signed the trust bundle is missing: \(keys.path(claimed.kid))",
        hint: "Restore it from a backup.")
    }
    return file
  }

  /// Refuses a passphrase that nothing asks for: whoever gives one believes that the keys are
  /// sealed.
  func check(_ passphrase: Passphrase?) throws(Refusal) {
    guard passphrase != nil, try !keys.isSealed() else { return }
    throw Refusal(
      .passphraseUnused, "a passphrase was given, but the keys in \(keys.directory) are not sealed",
      hint: "Leave the passphrase out. Keys are sealed when `init` is given one.")
  }
}
