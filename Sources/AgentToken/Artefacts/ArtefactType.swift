internal import JSON

/// What is signed for hosts, besides agent tokens: a closed set of `typ` names.
package enum ArtefactType: String, Sendable, CaseIterable {
  case bundle = "trust-bundle+jwt"
  case profile = "protection-profile+jwt"
  case revocations = "revocations+jwt"
  case time = "cluster-time+jwt"
  case release = "release-manifest+jwt"

  /// The most bytes that one may have.
  package static let maxBytes = TrustBundle.maxBytes

  /// The verb of the control socket that takes it; its refusals begin with the same word.
  package var verb: String {
    switch self {
    case .bundle: "bundle"
    case .profile: "profile"
    case .revocations: "revocations"
    case .time: "time"
    case .release: "release"
    }
  }

  /// The role of the keys that sign it; nil for the bundle, which a root signs.
  package var role: Role? {
    switch self {
    case .bundle: nil
    case .profile, .revocations, .time: .cluster
    case .release: .release
    }
  }

  /// What it is called in a sentence.
  var noun: String {
    switch self {
    case .bundle: "trust bundle"
    case .profile: "profile"
    case .revocations: "list of revocations"
    case .time: "signed time"
    case .release: "release manifest"
    }
  }

  /// What a text says it is, before anybody checked it: only good for choosing whom to hand it to.
  ///
  /// - Returns: nil where it is no JWS with one of these names.
  package static func claimed(by text: [UInt8]) -> ArtefactType? {
    guard text.count <= maxBytes,
      let jws = try? UnverifiedJWS(text, limit: maxBytes, code: .malformed)
    else { return nil }
    return allCases.first { $0.rawValue.hasSameUTF8(as: jws.type) }
  }
}
