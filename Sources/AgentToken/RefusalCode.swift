extension Refusal {
  /// A refusal's stable name: what programs compare. The sentence beside it may change.
  package struct Code: RawRepresentable, Sendable, Hashable {
    package let rawValue: String

    package init(rawValue: String) {
      self.rawValue = rawValue
    }

    private init(_ rawValue: String) {
      self.rawValue = rawValue
    }
  }
}

// The codes of agent tokens, in the order in which they are checked.
extension Refusal.Code {
  package static let notEnrolled = Self("not_enrolled")
  package static let trustMissing = Self("trust_missing")
  package static let malformed = Self("malformed")
  package static let unsupportedAlgorithm = Self("unsupported_algorithm")
  package static let keyRevoked = Self("key_revoked")
  package static let unknownKey = Self("unknown_key")
  package static let badSignature = Self("bad_signature")
  package static let keyExpired = Self("key_expired")
  package static let wrongCluster = Self("wrong_cluster")
  package static let wrongAudience = Self("wrong_audience")
  package static let scopeNotAllowed = Self("scope_not_allowed")
  package static let lifetimeExceedsMaximum = Self("lifetime_exceeds_maximum")
  package static let wrongTenant = Self("wrong_tenant")
  package static let wrongAgent = Self("wrong_agent")
  package static let tokenRevoked = Self("token_revoked")
  package static let challengeUnknown = Self("challenge_unknown")
  package static let challengeExpired = Self("challenge_expired")
  package static let challengeRequired = Self("challenge_required")
  package static let clockStateMissing = Self("clock_state_missing")
  package static let clockRolledBack = Self("clock_rolled_back")
  package static let clockBehind = Self("clock_behind")
  package static let expired = Self("expired")
  package static let alreadyUsed = Self("already_used")
  package static let rateLimited = Self("rate_limited")
}

// The codes of trust bundles, in the order in which they are checked.
extension Refusal.Code {
  package static let bundleMalformed = Self("bundle_malformed")
  package static let bundleUnknownRoot = Self("bundle_unknown_root")
  package static let bundleBadSignature = Self("bundle_bad_signature")
  package static let bundleWrongCluster = Self("bundle_wrong_cluster")
  package static let bundleOlder = Self("bundle_older")
  package static let bundleJump = Self("bundle_jump")
  package static let bundleConflict = Self("bundle_conflict")
}

// The codes of the control socket itself.
extension Refusal.Code {
  package static let protected = Self("protected")
  /// A signed profile switched protection off.
  package static let unmanaged = Self("unmanaged")
  package static let unitUnknown = Self("unit_unknown")
  package static let unitUnsupported = Self("unit_unsupported")
  package static let denied = Self("denied")
  package static let unknownVerb = Self("unknown_verb")
  package static let badArguments = Self("bad_arguments")
  package static let lineTooLong = Self("line_too_long")
  package static let busy = Self("busy")
  package static let internalError = Self("internal")
}

extension Refusal.Code {
  /// What to do next, where the code alone tells; nil where only the message can.
  package var hint: String? {
    switch self {
    case .notEnrolled:
      "Enrol this host with its cluster first."
    case .trustMissing:
      "Boot with holdfast=off on the kernel command line, then enrol this host again."
    case .malformed:
      "Paste the whole token, on one line and without quotes."
    case .unsupportedAlgorithm, .lifetimeExceedsMaximum:
      "The issuer has to be corrected: only tokens of the agent-token+jwt profile are taken."
    case .unknownKey, .badSignature:
      "Import the cluster's newest trust bundle, or ask for a new token."
    case .keyRevoked, .keyExpired:
      "Ask for a token signed with a current key."
    case .tokenRevoked, .alreadyUsed:
      "Ask for a new token."
    case .expired:
      "Ask for a new one. If this host's clock is wrong: holdfast challenge"
    case .wrongCluster, .wrongTenant, .wrongAgent, .wrongAudience:
      "Ask for a token for this host; its cluster, tenant and agent are in the status."
    case .scopeNotAllowed:
      "Ask someone whose role may sign that scope, or ask for a token of a narrower scope."
    case .challengeUnknown, .challengeExpired, .challengeRequired, .clockRolledBack,
      .clockStateMissing:
      "Make a challenge, and ask for a token that answers it: holdfast challenge"
    case .clockBehind:
      "Set this host's clock and try the same token again, or ask for one that needs no clock: "
        + "holdfast challenge"
    case .bundleUnknownRoot:
      "Import the chain of bundles in between: holdfast-cluster bundle export --from SEQ."
    case .bundleOlder:
      "Import the cluster's newest trust bundle."
    case .bundleConflict:
      "Two bundles have the same sequence: the issuer has to sign a newer one."
    case .protected:
      "Unprotect this host with an agent token first."
    case .unmanaged:
      "Only another profile of the cluster switches it on again."
    case .denied:
      "Ask as root or as a member of the holdfast group."
    case .unknownVerb, .badArguments:
      "The verb help lists what may be asked."
    case .busy:
      "Try again in a few seconds; nothing was spent."
    default:
      nil
    }
  }
}
