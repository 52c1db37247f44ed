package import AgentToken

/// Where a cluster keeps what it knows. This protocol and those it consists of are all that the rest
/// knows of the database.
///
/// Every function is one transaction: all of it is kept, with its audit entry, or none. What has been
/// kept outlasts the death of the process. Functions that read are not held up by those that write.
///
/// All throw `store_failed` where the database cannot, `conflict` where what something belongs to (a
/// tenant, a profile, an account) is not there, `invalid_request` for a text with a NUL character and
/// for a cursor that no page of the list gave, and what they say for themselves.
package protocol ClusterStore: TenantStore, AccountStore, RegistrationTokenStore, AgentStore,
  LedgerStore, IssuedTokenStore, ProfileStore, AuditStore, AlarmStore, CounterStore,
  IdempotencyStore
{
  /// Answers once the database can read and write.
  func check() async throws(Refusal)

  /// Writes a copy of the database, as it is at one moment, to a file that is not there yet.
  func backUp(to path: String) async throws(Refusal)

  /// Forgets sessions and idempotency keys that ended before `now`.
  func tidy(now: Int64) async throws(Refusal)

  /// Ends the use of the database; nothing else may be called after it.
  func close() async throws(Refusal)
}
