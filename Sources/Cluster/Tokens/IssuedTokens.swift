package import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

extension ControlPlane {
  /// Those that were issued, the newest first.
  package func tokens(
    _ caller: Caller, _ filter: IssuedTokenFilter = IssuedTokenFilter(),
    _ page: PageRequest = PageRequest()
  ) async throws(Refusal) -> Page<IssuedTokenRecord> {
    try await store.issuedTokens(caller.view, filter, now: now(), page)
  }

  /// - Throws: `not_found`, also where the caller may not know of it.
  package func token(_ caller: Caller, _ jti: String) async throws(Refusal) -> IssuedTokenRecord {
    let view = caller.view
    guard let token = try await store.issuedToken(jti), view.shows(tenant: token.tenant),
      view.owner ?? token.issuedBy == token.issuedBy
    else { throw Refusal.missing("agent token", jti) }
    return token
  }

  /// Takes a token back: every agent that is connected knows within a moment, others when they are.
  /// Again changes nothing. What it opened stays open until its window ends.
  package func revokeToken(
    _ caller: Caller, _ jti: String
  ) async throws(Refusal) -> IssuedTokenRecord {
    try caller.require(.issueTokens)
    let token = try await token(caller, jti)
    guard token.revokedAt == nil else { return token }
    let (before, settled) = try await settled(with: jti)
    let list = try signer.revoke(
      Revocations(kids: [], jtis: [jti], before: before), settled: settled)
    let details: JSON = ["revocations": .integer(list.content.sequence)]
    try await store.revoke(
      token: jti, at: now(),
      audit: caller.entry(
        "agent-token.revoke", at: now(), tenant: token.tenant, target: jti,
        details: details.encoded()))
    hub.push(.artefact(.revocations, jws: list.text))
    return try await self.token(caller, jti)
  }

  /// For so long after a token has ended, in seconds, the list of revocations names it.
  private static let namedAfterEnd: Int64 = 86_400

  /// What the list need not name any more, or it would be too long to be signed some day.
  ///
  /// All that a key signed before the last of them is revoked in their place: that is over too, but for
  /// a host whose clock is wrong, and no host's clock brings any of them back.
  private func settled(
    with jti: String
  ) async throws(Refusal) -> (before: [String: Int64], jtis: Set<String>) {
    let over = try await store.issuedTokens(
      try signer.revoked().jtis.union([jti]), endedBefore: now() - Self.namedAfterEnd)
    let before = over.map { ($0.kid, $0.issuedAt + 1) }
    return (Dictionary(before, uniquingKeysWith: max), Set(over.map(\.jti)))
  }
}
