package import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

extension ControlPlane {
  /// Makes registration tokens: all or none.
  ///
  /// - Returns: each with its text, for people to hand on.
  /// - Throws: `forbidden`; what `review` says of the first entry that cannot be made.
  package func createRegistrationTokens(
    _ caller: Caller, _ requests: [RegistrationRequest]
  ) async throws(Refusal) -> [(token: RegistrationToken, text: String)] {
    try caller.require(.createRegistrationTokens)
    try Self.check(count: requests.count)
    for (index, request) in requests.enumerated() {
      do throws(Refusal) {
        _ = try await check(request, caller)
      } catch {
        if requests.count == 1 { throw error }
        throw Refusal(
          error.code, "Entry \(index + 1): \(error.message)",
          hint: error.hint ?? "Nothing was made. Change the entry, or remove it.")
      }
    }
    let now = now()
    var made: [(token: RegistrationToken, text: String)] = []
    for request in requests {
      let secret = secrets.newSecret()
      let token = RegistrationToken(
        id: secrets.newID(), tenant: request.tenant, description: request.description,
        profile: request.profile, allowsHighAssurance: request.allowsHighAssurance,
        managesProfile: request.managesProfile, uses: request.uses, usesLeft: request.uses,
        createdAt: now, expires: request.expires(from: now), createdBy: caller.account.id,
        creator: caller.account.name, hint: String(secret.prefix(2)),
        secretHash: secrets.hash(secret), sealedSecret: try secrets.seal(Array(secret.utf8)))
      made.append((token, text(ofSecret: secret)))
    }
    try await store.create(
      made.map(\.token),
      audit: made.map { entry("registration-token.create", caller, $0.token, isFull: true) })
    return made
  }

  /// The newest first; agent installers see their own.
  package func registrationTokens(
    _ caller: Caller, _ filter: RegistrationTokenFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<RegistrationToken> {
    try await store.registrationTokens(caller.view, filter, now: now(), page)
  }

  /// - Throws: `not_found`.
  package func registrationToken(
    _ caller: Caller, _ id: String
  ) async throws(Refusal) -> RegistrationToken {
    guard let token = try await store.registrationToken(id), caller.view.shows(token) else {
      throw .missing("registration token", id)
    }
    return token
  }

  /// The texts of live tokens, for copying and exporting: for who made them and for their tenant's
  /// administrators. All or none.
  ///
  /// - Throws: `forbidden`, `not_found`; `registration_token_revoked` and its like for one that is
  ///   good for nothing.
  package func reveal(
    _ caller: Caller, _ ids: [String]
  ) async throws(Refusal) -> [(id: String, text: String)] {
    let now = now()
    var texts: [(id: String, text: String)] = []
    var entries: [AuditEntry] = []
    for token in try await administered(caller, ids) {
      try Self.requireLive(token, at: now)
      guard let secret = secrets.open(token.sealedSecret) else {
        throw Refusal(
          .internalError, "The registration token \(token.id) was sealed with another key.",
          hint: "Revoke it and make another.")
      }
      texts.append((token.id, text(ofSecret: String(decoding: secret, as: UTF8.self))))
      entries.append(entry("registration-token.reveal", caller, token))
    }
    for entry in entries { try await store.append(entry) }
    return texts
  }

  /// From now on they enrol nobody; what they enrolled stays.
  ///
  /// - Throws: `forbidden`, `not_found`.
  package func revokeRegistrationTokens(_ caller: Caller, _ ids: [String]) async throws(Refusal) {
    let tokens = try await administered(caller, ids).filter { $0.revokedAt == nil }
    guard !tokens.isEmpty else { return }
    try await store.revoke(
      registrationTokens: tokens.map(\.id), at: now(),
      audit: tokens.map { entry("registration-token.revoke", caller, $0) })
  }

  /// - Parameter force: whether those that are live may go too: they are revoked first.
  /// - Throws: `forbidden`, `not_found`; `conflict` for one that is live.
  package func deleteRegistrationTokens(
    _ caller: Caller, _ ids: [String], force: Bool
  ) async throws(Refusal) {
    let tokens = try await administered(caller, ids)
    let now = now()
    let live = tokens.filter { $0.status(at: now) == .active }
    guard force || live.isEmpty else {
      throw Refusal(
        .conflict,
        live.count == 1
          ? "The registration token \(live[0].hint)… (\(live[0].id)) can still enrol agents."
          : "\(live.count) of the registration tokens can still enrol agents.",
        hint: "Revoke first, or confirm that what is live may be deleted.")
    }
    if !live.isEmpty { try await revokeRegistrationTokens(caller, live.map(\.id)) }
    try await store.delete(
      registrationTokens: tokens.map(\.id),
      audit: tokens.map { entry("registration-token.delete", caller, $0) })
  }

  // MARK: -

  /// Tokens that the caller administers, each once.
  private func administered(
    _ caller: Caller, _ ids: [String]
  ) async throws(Refusal) -> [RegistrationToken] {
    try caller.require(.createRegistrationTokens)
    try Self.check(count: ids.count)
    var seen: Set<String> = []
    var tokens: [RegistrationToken] = []
    for id in ids where seen.insert(id).inserted {
      // What an account with this permission sees is what it made, or its tenants'.
      tokens.append(try await registrationToken(caller, id))
    }
    return tokens
  }

  private func text(ofSecret secret: String) -> String {
    RegistrationTokenText(secret: secret, fingerprint: authority.fingerprint).text
  }

  /// - Throws: `registration_token_revoked`, `…_expired`, `…_used_up`.
  static func requireLive(_ token: RegistrationToken, at now: Int64) throws(Refusal) {
    switch token.status(at: now) {
    case .active: return
    case .revoked:
      throw Refusal(
        .registrationRevoked, "The registration token \(token.hint)… is revoked.", hint: .askAgain)
    case .expired:
      throw Refusal(
        .registrationExpired, "The registration token \(token.hint)… has expired.",
        hint: .askAgain)
    case .suspended:
      throw Refusal(
        .registrationSuspended,
        "Whoever made the registration token \(token.hint)… is disabled, deleted, or may not make "
          + "it any more.", hint: .askAgain)
    case .usedUp:
      throw Refusal(
        .registrationUsedUp, "The registration token \(token.hint)… has no use left.",
        hint: .askAgain)
    }
  }

  private func entry(
    _ action: String, _ caller: Caller, _ token: RegistrationToken, isFull: Bool = false
  ) -> AuditEntry {
    var details: [JSON.Member] = [.init(name: "hint", value: .string(token.hint))]
    if isFull {
      details += [
        .init(name: "description", value: .string(token.description)),
        .init(name: "profile", value: token.profile.map(JSON.string) ?? .null),
        .init(name: "uses", value: .integer(token.uses)),
        .init(name: "expires", value: token.expires.map(JSON.integer) ?? .null),
        .init(name: "high_assurance", value: .bool(token.allowsHighAssurance)),
        .init(name: "manages_profile", value: .bool(token.managesProfile)),
      ]
    }
    return caller.entry(
      action, at: now(), tenant: token.tenant, target: token.id,
      details: JSON.object(details).encoded())
  }
}

extension String {
  /// What to do about a registration token that is good for nothing.
  fileprivate static let askAgain = "Make another, or ask for one."
}
