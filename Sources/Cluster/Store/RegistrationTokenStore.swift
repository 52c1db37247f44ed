package import AgentToken

/// Which registration tokens are asked for; nil and "" for any.
package struct RegistrationTokenFilter: Sendable {
  package var tenant: String?
  package var status: RegistrationToken.Status?
  /// Part of its description, of its creator's name, or its first characters.
  package var text: String

  package init(
    tenant: String? = nil, status: RegistrationToken.Status? = nil, text: String = ""
  ) {
    self.tenant = tenant
    self.status = status
    self.text = text
  }
}

package protocol RegistrationTokenStore: Sendable {
  /// All or none, with an entry for each.
  func create(
    _ tokens: [RegistrationToken], audit: [AuditEntry]
  ) async throws(Refusal)
  func registrationToken(_ id: String) async throws(Refusal) -> RegistrationToken?
  /// The newest first.
  func registrationTokens(
    _ view: Visibility, _ filter: RegistrationTokenFilter, now: Int64, _ page: PageRequest
  ) async throws(Refusal) -> Page<RegistrationToken>
  /// Those that are revoked already stay as they are.
  func revoke(
    registrationTokens: [String], at now: Int64, audit: [AuditEntry]
  ) async throws(Refusal)
  func delete(registrationTokens: [String], audit: [AuditEntry]) async throws(Refusal)

  /// Takes a use of a token and adds its agent, both or neither.
  ///
  /// - Parameter decide: given the token as it is, and the agent of that id in its tenant that is
  ///   neither retired nor a clone, if there is one. Says what the agent's record shall be (a new id
  ///   adds one, the id of the old one replaces that) and whether a use is taken. What it throws
  ///   leaves everything as it was. It must not call the store.
  /// - Throws: `registration_token_unknown`; `registration_token_used_up` where a use is to be taken
  ///   and none is left; what `decide` throws.
  func enrol(
    secretHash: String, agent: String,
    decide:
      @escaping @Sendable (RegistrationToken, AgentRecord?) throws(Refusal) -> EnrolmentDecision
  ) async throws(Refusal) -> AgentRecord

  /// Removes agents that enrolled before `time` and were never heard of, and gives the uses back.
  ///
  /// - Returns: how many there were.
  func forgetPending(enrolledBefore time: Int64) async throws(Refusal) -> Int
}

/// What becomes of somebody who enrols.
package struct EnrolmentDecision: Sendable {
  package let record: AgentRecord
  package let takesUse: Bool
  package let audit: AuditEntry

  package init(record: AgentRecord, takesUse: Bool, audit: AuditEntry) {
    self.record = record
    self.takesUse = takesUse
    self.audit = audit
  }
}
