package import AgentToken
internal import Linux

/// One line of `key list`.
package struct ListedKey: Sendable {
  /// Where a key's private part is.
  package enum PrivatePart: String, Sendable {
    case plain, sealed
    /// Not in this issuer.
    case absent
  }

  package let kid: String
  /// Nil for a root.
  package let role: Role?
  package let tenants: [String]?
  /// When it ends, in seconds since the epoch.
  package let notAfter: Int64?
  package let loosens: Bool
  package let privatePart: PrivatePart
  /// Whether this root signs the bundles.
  package let signsBundles: Bool
}

extension Issuer {
  /// Every key that the bundle lists, roots first.
  package func listKeys() throws(Refusal) -> (bundle: TrustBundle, keys: [ListedKey]) {
    let bundle = try bundle()
    var listed: [ListedKey] = []
    for root in bundle.roots {
      listed.append(
        ListedKey(
          kid: root.kid, role: nil, tenants: nil, notAfter: nil, loosens: false,
          privatePart: try privatePart(root.kid, root.x), signsBundles: root == bundle.signer))
    }
    for key in bundle.keys {
      listed.append(
        ListedKey(
          kid: key.kid, role: key.role, tenants: key.tenants, notAfter: key.notAfter,
          loosens: key.loosens, privatePart: try privatePart(key.kid, key.x), signsBundles: false))
    }
    return (bundle, listed)
  }

  private func privatePart(
    _ kid: String, _ publicKey: [UInt8]
  ) throws(Refusal) -> ListedKey.PrivatePart {
    guard let file = try keys.load(kid), file.publicKey == publicKey else { return .absent }
    return switch file.privatePart {
    case .plain: .plain
    case .sealed: .sealed
    case .absent: .absent
    }
  }
}
