package import AgentToken
internal import Issuing

extension ControlPlane {
  /// Sets a person's password, and ends their sessions.
  ///
  /// - Parameter current: needed for one's own, so that a session alone does not take the account.
  /// - Throws: `login_failed` where that is wrong, `too_many_requests`; `forbidden`, `not_found`,
  ///   `invalid_request`; `conflict` where somebody else changed the account meanwhile.
  package func setPassword(
    _ caller: Caller, _ id: String, new: String, current: String?
  ) async throws(Refusal) {
    let isOwn = caller.account.id == id
    let account = isOwn ? caller.account : try await managedAccount(caller, id)
    guard account.kind == .person else {
      throw Refusal(.invalid, "A client has no password.", hint: "Make it a new secret.")
    }
    try AccountShape.check(password: new, of: account.name)
    let kept = isOwn ? try await checkCurrent(password: current ?? "", caller) : nil
    try await store.setSecret(
      of: account, replacing: kept, hash: try await secrets.passwordHash(new),
      audit: caller.entry(
        "account.password", at: now(), tenant: account.soleTenant, target: id))
  }

  /// A new secret for a client: the old one is good for nothing any more, and its sessions end.
  ///
  /// - Throws: `forbidden`, `not_found`, `invalid_request`, `conflict`.
  package func renewSecret(_ caller: Caller, _ id: String) async throws(Refusal) -> String {
    let account = try await managedAccount(caller, id)
    guard account.kind == .client else {
      throw Refusal(.invalid, "A person has a password.", hint: "Set a new password.")
    }
    let secret = secrets.newSecret()
    try await store.setSecret(
      of: account, replacing: nil, hash: secrets.hash(secret),
      audit: caller.entry("account.secret", at: now(), tenant: account.soleTenant, target: id))
    return secret
  }

  /// The secret for a new account, where it is made here, and what it is kept as.
  ///
  /// What is made is random, so that its SHA-256 tells nothing; what people choose takes Argon2id.
  func newSecret(
    for request: AccountRequest
  ) async throws(Refusal) -> (secret: String?, hash: String) {
    switch request.kind {
    case .client:
      guard request.password == nil else {
        throw Refusal(.invalid, "A client has no password; its secret is made here.")
      }
      let secret = secrets.newSecret()
      return (secret, secrets.hash(secret))
    case .person:
      if let password = request.password {
        try AccountShape.check(password: password, of: request.name)
        return (nil, try await secrets.passwordHash(password))
      }
      let password = secrets.newPassword()
      return (password, try await secrets.passwordHash(password))
    }
  }

  /// - Returns: what it is kept as.
  private func checkCurrent(
    password: String, _ caller: Caller
  ) async throws(Refusal) -> String {
    let keys = limits.keys(forName: caller.account.name, from: caller.source)
    try limits.begin(keys, at: now())
    let kept: (account: Account, secretHash: String)?
    let isKept: Bool
    do throws(Refusal) {
      kept = try await store.credentials(of: caller.account.name, .person)
      isKept = try await secrets.isPassword(password, kept?.secretHash)
    } catch {
      limits.succeed(keys)
      throw error
    }
    guard isKept, let kept, kept.account.id == caller.account.id else {
      try await store.append(
        caller.entry(
          "account.login-failed", at: now(), tenant: caller.account.soleTenant,
          target: caller.account.id))
      throw Refusal(.loginFailed, "The current password is not right.", hint: "Try it again.")
    }
    limits.succeed(keys)
    return kept.secretHash
  }
}
