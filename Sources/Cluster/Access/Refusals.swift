package import AgentToken

/// The control plane's own refusals.
extension Refusal.Code {
  /// Nobody knows who is asking.
  package static let unauthenticated = Self(rawValue: "unauthenticated")
  /// Name or password, or client credentials, are not right.
  package static let loginFailed = Self(rawValue: "login_failed")
  package static let forbidden = Self(rawValue: "forbidden")
  /// There is none, or none that the caller may know of.
  package static let notFound = Self(rawValue: "not_found")
  /// Something of that name is there, or it changed meanwhile.
  package static let conflict = Self(rawValue: "conflict")
  /// Too many from one source.
  package static let tooMany = Self(rawValue: "too_many_requests")
  package static let registrationUnknown = Self(rawValue: "registration_token_unknown")
  package static let registrationExpired = Self(rawValue: "registration_token_expired")
  package static let registrationUsedUp = Self(rawValue: "registration_token_used_up")
  package static let registrationRevoked = Self(rawValue: "registration_token_revoked")
  /// Whoever made it may not make it any more.
  package static let registrationSuspended = Self(rawValue: "registration_token_suspended")
  /// An agent of that name is there, on another machine.
  package static let agentExists = Self(rawValue: "agent_exists")
  /// The certificate is not, or not any more, that of an agent here.
  package static let agentUnknown = Self(rawValue: "agent_unknown")
  /// The agent does not support protection, or is not under it.
  package static let agentNotProtected = Self(rawValue: "agent_not_protected")
  /// An agent has a newer trust bundle than the cluster, and is to hand it over.
  package static let bundleBehind = Self(rawValue: "bundle_behind")
  /// The database could not do it.
  package static let storeFailed = Self(rawValue: "store_failed")
}
