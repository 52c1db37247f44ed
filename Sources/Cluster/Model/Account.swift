/// Who may use a cluster: a person with a password, or a program with client credentials.
package struct Account: Sendable, Equatable {
  package enum Kind: String, Sendable { case person, client }

  package let id: String
  package let kind: Kind
  /// What one logs in with; unique among accounts.
  package let name: String
  package var role: AccessRole
  /// The only tenants that there are for this account; nil for all.
  package var tenants: [String]?
  package var isDisabled: Bool
  /// Seconds since the epoch, here and everywhere in the cluster.
  package let createdAt: Int64
  package let createdBy: String
  package var lastUsedAt: Int64?

  package init(
    id: String, kind: Kind, name: String, role: AccessRole, tenants: [String]?,
    isDisabled: Bool = false, createdAt: Int64, createdBy: String, lastUsedAt: Int64? = nil
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.role = role
    self.tenants = tenants
    self.isDisabled = isDisabled
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.lastUsedAt = lastUsedAt
  }
}

/// Somebody who has shown who they are, until a time.
package struct Session: Sendable, Equatable {
  /// SHA-256 of the access token, in hexadecimal: the token itself is kept nowhere.
  package let tokenHash: String
  package let account: String
  package let createdAt: Int64
  package let expires: Int64

  package init(tokenHash: String, account: String, createdAt: Int64, expires: Int64) {
    self.tokenHash = tokenHash
    self.account = account
    self.createdAt = createdAt
    self.expires = expires
  }
}
