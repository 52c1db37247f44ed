package import AgentToken
internal import JSON
internal import Linux

/// A signing key to be made.
package struct KeyRequest: Sendable {
  package var role: Role
  /// Binds the key to these tenants; empty for none.
  package var tenants: [String]
  /// When the key ends, in seconds since the epoch.
  package var notAfter: Int64?
  /// Whether profiles signed by it may loosen protection; for the role `cluster` only.
  package var loosens: Bool
  /// Its id; a telling one is chosen where this is nil.
  package var kid: String?

  package init(
    role: Role, tenants: [String] = [], notAfter: Int64? = nil, loosens: Bool = false,
    kid: String? = nil
  ) {
    self.role = role
    self.tenants = tenants
    self.notAfter = notAfter
    self.loosens = loosens
    self.kid = kid
  }
}

/// What became of a change: the bundle in force now, and the key that it was about.
package struct KeyChange: Sendable {
  package let bundle: TrustBundle
  package let kid: String
  /// Whether anything was changed; false where it was so already.
  package let changed: Bool
}

extension Issuer {
  /// Refuses what `addKey` would refuse, as far as that shows without the passphrase.
  package func check(_ request: KeyRequest) throws(Refusal) {
    try request.check(now: surroundings.now())
    _ = try choose(request.kid, stem: request.role.rawValue, in: bundle())
  }

  /// Makes a signing key, and signs a bundle that lists it.
  package func addKey(
    _ request: KeyRequest, passphrase: Passphrase? = nil, waiting: () -> Void = {}
  ) throws(Refusal) -> KeyChange {
    try request.check(now: surroundings.now())
    var kid = ""
    let bundle = try revise(passphrase: passphrase, waiting: waiting) {
      (current) throws(Refusal) in
      let file = try newKey(
        request.kid, stem: request.role.rawValue, in: current,
        passphrase: sealsSigningKeys(current) ? passphrase : nil)
      kid = file.kid
      var draft = BundleDraft(
        following: current, issuedAt: surroundings.now(), above: try floor())
      draft.keys.append(request.jwk(of: file))
      return Revision(draft: draft, newKeys: [file])
    }
    return KeyChange(bundle: bundle, kid: kid, changed: true)
  }

  /// Whether a new signing key is sealed like those there are: a server's are not, and its root is.
  private func sealsSigningKeys(_ bundle: TrustBundle) throws(Refusal) -> Bool {
    for key in bundle.keys {
      switch try keys.load(key.kid)?.privatePart {
      case .sealed: return true
      case .plain: return false
      case .absent, nil: continue
      }
    }
    return true
  }

  /// Revokes a signing key: hosts with the new bundle refuse whatever it signed. Its private part
  /// is removed.
  ///
  /// - Returns: `changed` false where it was revoked already.
  /// - Throws: `unknown_key` where the bundle never listed it, `invalid_request` for a root.
  package func revokeKey(
    _ kid: String, passphrase: Passphrase? = nil, waiting: () -> Void = {}
  ) throws(Refusal) -> KeyChange {
    var changed = false
    let bundle = try revise(passphrase: passphrase, waiting: waiting) {
      (current) throws(Refusal) in
      guard !current.revoked.kids.contains(kid) else { return nil }
      guard !current.roots.contains(where: { $0.kid == kid }) else {
        throw Refusal(
          .invalid, "\(kid) is a root key, and a root is replaced, not revoked",
          hint:
            "Replace it: `holdfast-cluster root add`, then `holdfast-cluster root retire \(kid)`.")
      }
      guard current.keys.contains(where: { $0.kid == kid }) else {
        throw Refusal(
          .unknownKey, "trust bundle \(current.sequence) lists no key \(kid.quoted())",
          hint: "See which there are with `holdfast-cluster key list`.")
      }
      changed = true
      var draft = BundleDraft(
        following: current, issuedAt: surroundings.now(), above: try floor())
      draft.revoke(kid: kid)
      return Revision(draft: draft, deadKeys: [kid])
    }
    return KeyChange(bundle: bundle, kid: kid, changed: changed)
  }

  /// Makes a key whose id is not in use and never was, as far as the bundle knows.
  func newKey(
    _ wanted: String?, stem: String, in bundle: TrustBundle, passphrase: Passphrase?
  ) throws(Refusal) -> KeyFile {
    try makeKey(choose(wanted, stem: stem, in: bundle), passphrase: passphrase)
  }

  private func choose(
    _ wanted: String?, stem: String, in bundle: TrustBundle
  ) throws(Refusal) -> String {
    let known = Set(
      bundle.keys.map(\.kid) + bundle.roots.map(\.kid) + Array(bundle.revoked.kids))
    let taken = known.union(try keys.kids())
    let kid = wanted ?? KeyID.next(stem, taken: taken)
    guard KeyID.isValid(kid) else {
      throw Refusal(
        .invalid,
        "the key id \(kid.quoted()) is not 1 to 64 of A-Z a-z 0-9 . _ - with a letter or a digit "
          + "first")
    }
    guard !known.contains(kid) else {
      throw Refusal(
        .keyExists, "the key id \(kid) is taken, and an id is never used again",
        hint: "Choose another, or leave --kid out.")
    }
    return kid
  }

  func makeKey(_ kid: String, passphrase: Passphrase?) throws(Refusal) -> KeyFile {
    guard let pair = KeyPair(seed: surroundings.random(32)) else {
      throw Refusal(.issuerDamaged, "no key could be made of the random bytes here")
    }
    return try KeyFile(kid: kid, keyPair: pair, passphrase: passphrase)
  }
}

extension KeyRequest {
  /// What the contract says a bundle may list.
  func check(now: Int64) throws(Refusal) {
    let role = role.rawValue
    if self.role == .tenantOwner, tenants.isEmpty {
      throw Refusal(
        .invalid, "a \(role) key signs for its own tenant, and none is named",
        hint: "Name it with --tenant.")
    }
    if !self.role.signsTokens, !tenants.isEmpty {
      throw Refusal(
        .invalid, "a \(role) key signs no tokens, so it cannot be bound to a tenant")
    }
    if loosens, self.role != .cluster {
      throw Refusal(
        .invalid,
        "only a key of the role cluster can sign profiles that loosen, not \(role)")
    }
    for tenant in tenants { try Identifier.check(tenant, "tenant") }
    if Set(tenants).count < tenants.count {
      throw Refusal(.invalid, "the same tenant is named twice")
    }
    if let notAfter, notAfter <= now {
      throw Refusal(.invalid, "the key would end before it is made")
    }
  }

  /// The key as a bundle lists it.
  func jwk(of file: KeyFile) -> JSON {
    var members = file.publicJWK.members ?? []
    members.append(.init(name: "role", value: .string(role.rawValue)))
    if !tenants.isEmpty {
      members.append(.init(name: "tenants", value: .array(tenants.map(JSON.string))))
    }
    if let notAfter { members.append(.init(name: "not_after", value: .integer(notAfter))) }
    if loosens { members.append(.init(name: "loosens", value: true)) }
    return .object(members)
  }
}
