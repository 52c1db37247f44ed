package import AgentToken
package import Linux

/// The issuer's own refusals. Those about tokens and bundles are AgentToken's.
extension Refusal.Code {
  /// What was asked for cannot be: a name, a time or a combination that no host would take.
  package static let invalid = Self(rawValue: "invalid_request")
  /// A text that is no challenge, or was misread.
  package static let challengeMalformed = Self(rawValue: "challenge_malformed")
  /// `init` where an issuer is already.
  package static let issuerExists = Self(rawValue: "issuer_exists")
  /// No issuer in that directory.
  package static let issuerMissing = Self(rawValue: "issuer_missing")
  /// A file of the issuer is missing, unreadable or not what it should be.
  package static let issuerDamaged = Self(rawValue: "issuer_damaged")
  /// A key id that stands in the bundle already, or did once.
  package static let keyExists = Self(rawValue: "key_exists")
  /// The private part of a key is not in this issuer.
  package static let keyUnavailable = Self(rawValue: "key_unavailable")
  /// The keys are sealed and no passphrase was given.
  package static let passphraseRequired = Self(rawValue: "passphrase_required")
  /// The passphrase given does not open the key.
  package static let passphraseWrong = Self(rawValue: "passphrase_wrong")
  /// A passphrase was given, and the keys here are not sealed.
  package static let passphraseUnused = Self(rawValue: "passphrase_unused")
  /// The system refused: a full disk, a missing permission.
  package static let systemError = Self(rawValue: "system_error")
}

extension Refusal {
  /// What the system said, with what was being tried: `action` starts with a verb.
  package init(_ error: SystemError, _ action: String) {
    self.init(.systemError, "could not \(action): \(error.reason)")
  }
}
