/// Who changed what, or tried a secret: written with the change, or the change is not made.
package struct AuditEntry: Sendable, Equatable {
  /// 0 until it is stored.
  package var sequence: Int64
  package let at: Int64
  /// The account and its name; empty for the server itself and for those who are not known.
  package let account: String
  package let name: String
  /// Where from: an address, or `local`.
  package let source: String
  /// What was done: `registration-token.create`, `account.login-failed`, …
  package let action: String
  /// The tenant that it is about, for those who see only theirs.
  package let tenant: String?
  /// What it was done to.
  package let target: String
  /// As JSON, an object.
  package let details: String

  package init(
    sequence: Int64 = 0, at: Int64, account: String, name: String, source: String, action: String,
    tenant: String?, target: String, details: String = "{}"
  ) {
    self.sequence = sequence
    self.at = at
    self.account = account
    self.name = name
    self.source = source
    self.action = action
    self.tenant = tenant
    self.target = target
    self.details = details
  }
}
