// The codes of what else is signed follow the bundle's: the verb, and what is wrong.
extension ArtefactType {
  package var malformed: Refusal.Code { code("malformed") }
  /// No key of the bundle, or one of a role that does not sign this.
  package var unknownKey: Refusal.Code { code("unknown_key") }
  package var keyRevoked: Refusal.Code { code("key_revoked") }
  package var badSignature: Refusal.Code { code("bad_signature") }
  package var keyExpired: Refusal.Code { code("key_expired") }
  package var wrongCluster: Refusal.Code { code("wrong_cluster") }
  package var wrongAgent: Refusal.Code { code("wrong_agent") }
  /// Made for this host before it enrolled the last time.
  package var wrongEnrolment: Refusal.Code { code("wrong_enrolment") }
  /// What the key signed before a time is revoked.
  package var revoked: Refusal.Code { code("revoked") }
  package var older: Refusal.Code { code("older") }
  package var jump: Refusal.Code { code("jump") }
  package var conflict: Refusal.Code { code("conflict") }
  package var expired: Refusal.Code { code("expired") }
  /// It would loosen, and its key may not.
  package var loosens: Refusal.Code { code("loosens") }
  /// It would loosen, and this host cannot say what time it is.
  package var clockBehind: Refusal.Code { code("clock_behind") }
  package var clockRolledBack: Refusal.Code { code("clock_rolled_back") }
  package var clockStateMissing: Refusal.Code { code("clock_state_missing") }
  package var challengeUnknown: Refusal.Code { code("challenge_unknown") }
  package var challengeExpired: Refusal.Code { code("challenge_expired") }

  private func code(_ what: String) -> Refusal.Code {
    Refusal.Code(rawValue: "\(verb)_\(what)")
  }

  /// A refusal with the hint of what to do next, where the code alone tells.
  func refusal(_ code: Refusal.Code, _ message: String) -> Refusal {
    Refusal(code, message, hint: hint(code))
  }

  private func hint(_ code: Refusal.Code) -> String? {
    switch code {
    case malformed: "Hand over the whole text, as it was signed."
    case unknownKey, badSignature, keyRevoked, keyExpired, revoked:
      "Import the cluster's newest trust bundle, or have it signed with a current key."
    case wrongCluster, wrongAgent:
      "Ask for one for this host; its cluster and agent are in the status."
    case wrongEnrolment:
      "Ask for one for this enrolment: holdfast status --json has its id."
    case older, expired: "Ask the cluster for the newest one."
    case conflict: "Two have the same number: the cluster has to sign a newer one."
    case loosens: "Have it signed with a key that may loosen (\"loosens\":true in the bundle)."
    case clockBehind: "Set this host's clock, or wait, then hand it over again."
    case clockRolledBack, clockStateMissing, challengeUnknown, challengeExpired:
      "Make a challenge, and have the cluster answer it with its time: holdfast challenge"
    default: nil
    }
  }
}
