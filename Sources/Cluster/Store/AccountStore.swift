package import AgentToken

package protocol AccountStore: Sendable {
  func account(_ id: String) async throws(Refusal) -> Account?
  /// The account of that name, with what its secret is checked against (`Secrets`).
  func credentials(
    of name: String, _ kind: Account.Kind
  ) async throws(Refusal) -> (account: Account, secretHash: String)?
  /// By name; those who have a tenant that is seen. Of no tenant only where all are seen.
  func accounts(
    _ view: Visibility, kind: Account.Kind?, _ page: PageRequest
  ) async throws(Refusal) -> Page<Account>
  func hasAccounts() async throws(Refusal) -> Bool
  /// - Throws: `conflict` where there is one of that name.
  func create(_ account: Account, secretHash: String, audit: AuditEntry) async throws(Refusal)
  /// Changes role, tenants and whether it is disabled, and ends its sessions.
  ///
  /// - Parameter old: as it was read. Who may change it, and to what, was decided over that.
  /// - Throws: `not_found`; `conflict` where it has another role or other tenants by now, or was
  ///   disabled or enabled, and where it is the last site administrator that is not disabled.
  func update(_ old: Account, to account: Account, audit: [AuditEntry]) async throws(Refusal)
  /// Also ends its sessions.
  ///
  /// - Parameters:
  ///   - account: as it was read.
  ///   - kept: what the one before was checked against; nil where nobody had to know it.
  /// - Throws: `not_found`; `conflict` where either is another by now.
  func setSecret(
    of account: Account, replacing kept: String?, hash: String, audit: AuditEntry
  ) async throws(Refusal)
  /// - Throws: as `update`.
  func delete(_ account: Account, audit: AuditEntry) async throws(Refusal)

  /// Notes when the account was used, with its first session or another.
  func open(_ session: Session, audit: AuditEntry?) async throws(Refusal)
  /// A session that has not ended, of an account that is not disabled.
  func session(
    tokenHash: String, now: Int64
  ) async throws(Refusal) -> (session: Session, account: Account)?
  func close(session tokenHash: String) async throws(Refusal)
}
