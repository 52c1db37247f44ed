internal import JSON

/// A verified trust bundle: the keys that may sign, and what is revoked.
///
/// Only `enrol`, `successor` and `restore` make one, so having one means that a pinned root signed
/// it. Time is no part of it: a bundle's age warns and never refuses.
package struct TrustBundle: Sendable, Equatable {
  /// The most bytes a bundle may have.
  package static let maxBytes = 256 << 10
  /// How far ahead of the one here the sequence of a newer bundle may be.
  static let maxJump: Int64 = 1 << 32

  package let cluster: String
  /// 1 … 2^53 − 1; higher is newer.
  package let sequence: Int64
  /// When it was signed, seconds since the epoch.
  package let issuedAt: Int64
  package let keys: [SigningKey]
  /// The roots that are pinned while it is in force: one of them must sign the next.
  package let roots: [PublicKey]
  package let revoked: Revocations
  /// The root that signed this one: to be stored beside it, for `restore`. It need not be among
  /// `roots`, where this is the bundle that retires it.
  package let signer: PublicKey
  /// The bundle as it came.
  package let jws: String

  private let keyIndex: [String: Int]

  /// The first bundle of a host: signed by the root it enrols with, any sequence.
  ///
  /// - Parameter root: the caller pins it.
  /// - Throws: `bundle_malformed` (also where `roots` does not list that root),
  ///   `bundle_unknown_root`, `bundle_bad_signature`.
  package static func enrol(
    jws: [UInt8], root: PublicKey, scheme: any SignatureScheme
  ) throws(Refusal) -> TrustBundle {
    let bundle = try TrustBundle(jws, pinned: [root], scheme)
    guard bundle.roots.contains(root) else {
      throw Refusal(
        .bundleMalformed,
        "Payload: \"roots\" does not list the enrolling root \(root.kid.quoted()).")
    }
    return bundle
  }

  /// The host's own stored copy, at start.
  ///
  /// - Parameters:
  ///   - pinned: the roots stored beside it, its `signer` among them.
  ///   - cluster: where given, the cluster that it must be of.
  /// - Throws: `bundle_malformed`, `bundle_unknown_root`, `bundle_bad_signature`,
  ///   `bundle_wrong_cluster`.
  package static func restore(
    jws: [UInt8], pinned: [PublicKey], cluster: String? = nil, scheme: any SignatureScheme
  ) throws(Refusal) -> TrustBundle {
    let bundle = try TrustBundle(jws, pinned: pinned, scheme)
    if let cluster { try bundle.check(cluster: cluster) }
    return bundle
  }

  /// What a later bundle changes.
  ///
  /// - Throws: the first of `bundle_malformed`, `bundle_unknown_root`, `bundle_bad_signature`,
  ///   `bundle_malformed` for its payload, `bundle_wrong_cluster`, `bundle_older`, `bundle_jump`,
  ///   `bundle_conflict`.
  package func successor(
    jws: [UInt8], scheme: any SignatureScheme
  ) throws(Refusal) -> Succession {
    // The very same text needs no second look, and its root may have retired itself since.
    if jws.elementsEqual(self.jws.utf8) { return .unchanged }
    let next = try TrustBundle(jws, pinned: roots, scheme)
    try next.check(cluster: cluster)
    guard next.sequence >= sequence else {
      throw Refusal(
        .bundleOlder,
        "Its sequence \(next.sequence) is lower than that of the bundle here, \(sequence).")
    }
    guard next.sequence - sequence <= Self.maxJump else {
      throw Refusal(
        .bundleJump,
        "Its sequence \(next.sequence) is more than \(Self.maxJump) ahead of that of the bundle "
          + "here, \(sequence).")
    }
    guard next.sequence == sequence else { return .newer(next) }
    guard next.payloadText.elementsEqual(payloadText) else {
      throw Refusal(
        .bundleConflict,
        "It has the sequence of the bundle here, \(sequence), and another content.")
    }
    return .unchanged
  }

  /// The key with that `kid`; nil where there is none.
  package func key(_ kid: String) -> SigningKey? {
    keyIndex[kid].map { keys[$0] }
  }

  private func check(cluster expected: String) throws(Refusal) {
    guard cluster == expected else {
      throw Refusal(
        .bundleWrongCluster,
        "It is of the cluster \(cluster.quoted()), this host belongs to \(expected.quoted()).")
    }
  }

  /// The payload in base64url, which is the same exactly where its bytes are.
  private var payloadText: Substring.UTF8View {
    jws.utf8.split(separator: UInt8(ascii: "."))[1]
  }

  /// The checks that every bundle must pass: size and header, root, signature, payload.
  private init(
    _ text: [UInt8], pinned: [PublicKey], _ scheme: any SignatureScheme
  ) throws(Refusal) {
    let parts = try UnverifiedJWS(text, limit: Self.maxBytes, code: .bundleMalformed)
    try parts.checkHeader(type: "trust-bundle+jwt", code: .bundleMalformed)
    guard let root = pinned.first(where: { $0.kid == parts.kid }) else {
      let known = pinned.map { $0.kid.quoted() }.joined(separator: ", ")
      throw Refusal(
        .bundleUnknownRoot,
        "The root \(parts.kid.quoted()) that signed it is not pinned here; pinned is \(known).")
    }
    guard let payload = parts.payload(signedBy: root.x, scheme: scheme) else {
      throw Refusal(
        .bundleBadSignature, "The signature is not that of the root \(root.kid.quoted()).")
    }
    let contents = try TrustBundlePayload(payload, scheme: scheme)
    cluster = contents.cluster
    sequence = contents.sequence
    issuedAt = contents.issuedAt
    keys = contents.keys
    roots = contents.roots
    revoked = contents.revoked
    signer = root
    jws = String(decoding: text, as: UTF8.self)
    var index: [String: Int] = [:]
    for (position, key) in contents.keys.enumerated() { index[key.kid] = position }
    keyIndex = index
  }
}

/// What a bundle is to the one in force.
package enum Succession: Sendable, Equatable {
  /// The same payload again.
  case unchanged
  case newer(TrustBundle)
}
