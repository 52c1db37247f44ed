package import AgentToken
internal import JSON
internal import Linux

/// What a new issuer has, besides its root key.
package struct IssuerPlan: Sendable {
  let keys: [KeyRequest]
  /// Whether the passphrase seals the signing keys too, and not the root alone.
  let sealsSigningKeys: Bool

  /// For a person at a machine: a key for each role that signs tokens of more than one tenant.
  package static let offline = IssuerPlan(
    keys: [.init(role: .siteAdmin), .init(role: .customerSupport), .init(role: .agentInstaller)],
    sealsSigningKeys: true)

  /// For a server, which signs by itself: the online keys too, and nothing sealed but the root,
  /// which it does not need.
  package static let online = IssuerPlan(
    keys: offline.keys + [.init(role: .cluster), .init(role: .cluster, loosens: true)],
    sealsSigningKeys: false)
}

extension Issuer {
  /// Makes an issuer in its directory: a root key, the plan's keys, and the trust bundle with the
  /// sequence number 1.
  ///
  /// Whatever is refused or fails leaves the directory as it was. What a crash in here leaves is
  /// known by the file `unfinished`, and the next `create` starts over: nothing was handed out.
  ///
  /// - Parameter cluster: the cluster's id; a random one where this is nil.
  /// - Parameter passphrase: seals the keys; they lie open where this is nil.
  /// - Throws: `issuer_exists`, `invalid_request`, `system_error`; `issuer_damaged` where there are
  ///   keys that no bundle lists.
  package func create(
    cluster: String?, passphrase: Passphrase?, plan: IssuerPlan = .offline,
    waiting: () -> Void = {}
  ) throws(Refusal) -> TrustBundle {
    let cluster = cluster ?? "cluster-" + Hex.encode(surroundings.random(4))
    try Identifier.check(cluster, "cluster")
    try checkVacant()
    let madeDirectory = try makeDirectory(directory, mode: 0o700)
    do throws(Refusal) {
      return try DirectoryLock.hold(directory, waiting: waiting) { () throws(Refusal) in
        try checkVacant()
        do throws(Refusal) {
          return try fill(cluster: cluster, passphrase: passphrase, plan: plan)
        } catch {
          clear()
          throw error
        }
      }
    } catch {
      if madeDirectory {
        try? Files.remove("\(directory)/\(DirectoryLock.fileName)")
        try? Files.removeDirectory(directory)
      }
      throw error
    }
  }

  private var unfinished: String { "\(directory)/unfinished" }

  /// Refuses where `create` would: before a passphrase is asked for, and again under the lock.
  package func checkVacant() throws(Refusal) {
    guard try !bundles.exists() else {
      let cluster = try? bundle().cluster
      throw Refusal(
        .issuerExists,
        "there is an issuer in \(directory) already\(cluster.map { ", of \($0)" } ?? "")",
        hint: "For another one name another directory with --dir.")
    }
    guard try keys.kids().isEmpty || Files.exists(unfinished) else {
      throw Refusal(
        .issuerDamaged, "\(keys.directory) holds keys, but there is no trust bundle",
        hint: "Restore \(bundles.currentPath) from a backup, or name another directory with --dir.")
    }
  }

  private func fill(
    cluster: String, passphrase: Passphrase?, plan: IssuerPlan
  ) throws(Refusal) -> TrustBundle {
    do {
      try Files.writeAtomically(unfinished, [], mode: 0o600)
    } catch {
      throw Refusal(error, "write \(unfinished)")
    }
    for kid in try keys.kids() { try keys.remove(kid) }
    keys.sweep()
    _ = try makeDirectory(keys.directory, mode: 0o700)

    let root = try makeKey("root-1", passphrase: passphrase)
    try keys.store(root)
    var listed: [JSON] = []
    for request in plan.keys {
      let kid = KeyID.next(request.role.rawValue, taken: Set(try keys.kids()))
      let file = try makeKey(kid, passphrase: plan.sealsSigningKeys ? passphrase : nil)
      try keys.store(file)
      listed.append(request.jwk(of: file))
    }
    let draft = BundleDraft(
      cluster: cluster, issuedAt: surroundings.now(), keys: listed, roots: [root.publicJWK])
    let jws = draft.signed(by: try root.open(passphrase), kid: root.kid)
    let bundle = try TrustBundle.enrol(
      jws: Array(jws.utf8), root: PublicKey(jwk: root.publicJWK, scheme: scheme), scheme: scheme)
    try bundles.replace(nil, with: bundle)
    try? Files.remove(unfinished)
    return bundle
  }

  /// Takes back what a failed `fill` has written, unless the bundle is there all the same.
  private func clear() {
    guard (try? bundles.exists()) == false else { return }
    for kid in (try? keys.kids()) ?? [] { try? keys.remove(kid) }
    try? Files.removeDirectory(keys.directory)
    try? Files.remove(unfinished)
  }

  /// - Returns: whether it was missing.
  private func makeDirectory(_ path: String, mode: UInt32) throws(Refusal) -> Bool {
    do {
      if Files.isDirectory(path) { return false }
      try Files.makeDirectory(path, mode: mode, parents: false)
      try Files.syncDirectory(Files.directory(of: path))
      return true
    } catch {
      guard !error.isMissing else {
        throw Refusal(
          .systemError, "could not make the directory \(path): the one above it is missing",
          hint: "Make \(Files.directory(of: path)) first.")
      }
      throw Refusal(error, "make the directory \(path)")
    }
  }
}
