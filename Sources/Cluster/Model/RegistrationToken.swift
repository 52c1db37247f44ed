/// What enrols agents: for one tenant, so many times, until a time.
package struct RegistrationToken: Sendable, Equatable {
  package let id: String
  package let tenant: String
  package let description: String
  /// The profile that agents get which enrol with it.
  package let profile: String?
  /// Off: the agents that it enrols are limited to user-space shields.
  package let allowsHighAssurance: Bool
  /// Whether whoever made it may apply and revoke that one profile for the agents it enrolled.
  package let managesProfile: Bool
  package let uses: Int64
  package let usesLeft: Int64
  package let createdAt: Int64
  /// nil for never, which has to be said.
  package let expires: Int64?
  /// The account, and its name then.
  package let createdBy: String
  package let creator: String
  package let revokedAt: Int64?
  /// Whoever made it is disabled, deleted, or may not make it any more: it enrols nobody meanwhile.
  package let isSuspended: Bool
  /// The first two characters of the secret: all that lists show of it.
  package let hint: String
  /// SHA-256 of the secret, in hexadecimal, by which it is found.
  package let secretHash: String
  /// The secret, sealed with the server's key, for whoever may copy it.
  package let sealedSecret: [UInt8]

  package init(
    id: String, tenant: String, description: String, profile: String?, allowsHighAssurance: Bool,
    managesProfile: Bool, uses: Int64, usesLeft: Int64, createdAt: Int64, expires: Int64?,
    createdBy: String, creator: String, revokedAt: Int64? = nil, isSuspended: Bool = false,
    hint: String, secretHash: String, sealedSecret: [UInt8]
  ) {
    self.id = id
    self.tenant = tenant
    self.description = description
    self.profile = profile
    self.allowsHighAssurance = allowsHighAssurance
    self.managesProfile = managesProfile
    self.uses = uses
    self.usesLeft = usesLeft
    self.createdAt = createdAt
    self.expires = expires
    self.createdBy = createdBy
    self.creator = creator
    self.revokedAt = revokedAt
    self.isSuspended = isSuspended
    self.hint = hint
    self.secretHash = secretHash
    self.sealedSecret = sealedSecret
  }

  package enum Status: String, Sendable, CaseIterable {
    case active, expired
    case usedUp = "used-up"
    case suspended, revoked
  }

  package func status(at now: Int64) -> Status {
    if revokedAt != nil { return .revoked }
    if let expires, expires <= now { return .expired }
    if isSuspended { return .suspended }
    return usesLeft > 0 ? .active : .usedUp
  }
}
