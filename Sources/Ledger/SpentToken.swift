/// A token that was spent, and where that stands.
package struct SpentToken: Sendable, Equatable {
  package let issuer: String
  package let jti: String
  /// Seconds since the epoch, as the wall clock had it.
  package let at: Int64
  /// The `seq` of the ledger's record.
  package let record: Int64
  /// The token's `exp`, where the record says it.
  package let expires: Int64?

  package init(issuer: String, jti: String, at: Int64, record: Int64, expires: Int64?) {
    self.issuer = issuer
    self.jti = jti
    self.at = at
    self.record = record
    self.expires = expires
  }
}
