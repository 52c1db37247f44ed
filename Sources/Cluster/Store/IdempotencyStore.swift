package import AgentToken

/// What became of a request that carries a key of its own, so that asking again does nothing again.
package enum Idempotency: Sendable, Equatable {
  /// Nobody used the key: go on, then `finish`.
  case new
  /// The answer given before.
  case done(status: Int, body: [UInt8])
  /// The first one is still being answered.
  case underWay
  /// The key was used for another request.
  case different
}

package protocol IdempotencyStore: Sendable {
  /// - Parameter request: what tells it from others (`Secrets.mark`).
  func begin(
    idempotencyKey: String, account: String, request: String, now: Int64
  ) async throws(Refusal) -> Idempotency
  func finish(
    idempotencyKey: String, account: String, status: Int, body: [UInt8]
  ) async throws(Refusal)
  /// Forgets a request that was refused, so that it may be tried again.
  func abandon(idempotencyKey: String, account: String) async throws(Refusal)
}
