package import AgentToken

/// Which agent tokens are asked for; nil for any.
package struct IssuedTokenFilter: Sendable {
  package var tenant: String?
  package var agent: String?
  package var status: IssuedTokenRecord.Status?
  /// The account that issued them.
  package var issuedBy: String?

  package init(
    tenant: String? = nil, agent: String? = nil, status: IssuedTokenRecord.Status? = nil,
    issuedBy: String? = nil
  ) {
    self.tenant = tenant
    self.agent = agent
    self.status = status
    self.issuedBy = issuedBy
  }
}

package protocol IssuedTokenStore: Sendable {
  /// All or none, with an entry for each.
  func keep(_ tokens: [IssuedTokenRecord], audit: [AuditEntry]) async throws(Refusal)
  func issuedToken(_ jti: String) async throws(Refusal) -> IssuedTokenRecord?
  /// The newest first. Tokens of cluster scope only where all tenants are seen; where the view is of
  /// one owner, those that this account issued. Of each the first ten uses: `issuedToken` has more.
  func issuedTokens(
    _ view: Visibility, _ filter: IssuedTokenFilter, now: Int64, _ page: PageRequest
  ) async throws(Refusal) -> Page<IssuedTokenRecord>
  /// Of these tokens those that ended before a time, without their uses. One that was issued while the
  /// clock was ahead of what it was later is not among them: who knows when that ends.
  func issuedTokens(
    _ jtis: Set<String>, endedBefore time: Int64
  ) async throws(Refusal) -> [IssuedTokenRecord]
  /// - Throws: `not_found`.
  func revoke(token jti: String, at now: Int64, audit: AuditEntry) async throws(Refusal)
}
