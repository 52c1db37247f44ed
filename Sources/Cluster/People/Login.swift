package import AgentToken

/// What somebody gets who has shown who they are.
package struct Grant: Sendable {
  /// Opaque and random; kept nowhere but with whoever has it.
  package let accessToken: String
  /// Seconds since the epoch.
  package let expires: Int64
  package let account: Account
}

extension ControlPlane {
  /// A session for a person.
  ///
  /// - Throws: `login_failed`, the same for whatever is not right, after the same work;
  ///   `too_many_requests`, `busy`.
  package func logIn(
    name: String, password: String, source: String
  ) async throws(Refusal) -> Grant {
    // Names are lower case; a telephone's keyboard thinks otherwise.
    let name = name.lowercased()
    let isTooLong = password.utf8.count > AccountShape.longestPassword
    return try await open(.person, name, source, lasting: settings.session) {
      kept async throws(Refusal) in
      try await secrets.isPassword(isTooLong ? "" : password, kept) && !isTooLong
    }
  }

  /// A session for a client: the client credentials grant (RFC 6749, section 4.4).
  ///
  /// - Parameter clientID: the account's name.
  /// - Throws: as `logIn`.
  package func grant(
    clientID: String, clientSecret: String, source: String
  ) async throws(Refusal) -> Grant {
    try await open(.client, clientID, source, lasting: settings.grant) { kept in
      secrets.hash(clientSecret) == kept
    }
  }

  /// Who has an access token, now.
  ///
  /// - Throws: `unauthenticated`.
  package func caller(
    accessToken: String, source: String
  ) async throws(Refusal) -> Caller {
    guard (1...128).contains(accessToken.utf8.count),
      let (_, account) = try await store.session(
        tokenHash: secrets.hash(accessToken), now: now()),
      isServed(account)
    else {
      throw Refusal(
        .unauthenticated, "The access token is not, or not any more, that of anybody here.",
        hint: "Log in again.")
    }
    return Caller(account: account, source: source)
  }

  /// Also where there is no such session.
  package func logOut(accessToken: String) async throws(Refusal) {
    try await store.close(session: secrets.hash(accessToken))
  }

  // MARK: -

  private func open(
    _ kind: Account.Kind, _ name: String, _ source: String, lasting seconds: Int64,
    isRight: (_ kept: String?) async throws(Refusal) -> Bool
  ) async throws(Refusal) -> Grant {
    let keys = limits.keys(forName: name, from: source)
    try limits.begin(keys, at: now())
    let isName = AccountShape.isName(name)
    let kept: (account: Account, secretHash: String)?
    let isKept: Bool
    do throws(Refusal) {
      kept = isName ? try await store.credentials(of: name, kind) : nil
      isKept = try await isRight(kept?.secretHash)
    } catch {
      // Nobody looked whether it is right.
      limits.succeed(keys)
      throw error
    }
    guard isKept, let kept, isServed(kept.account) else {
      throw try await failed(kept?.account, name: isName ? name : "", source)
    }
    let token = secrets.newSecret()
    let now = now()
    let session = Session(
      tokenHash: secrets.hash(token), account: kept.account.id, createdAt: now,
      expires: now + seconds)
    do throws(Refusal) {
      // A client asks again and again; when it last did is noted with its account.
      try await store.open(
        session,
        audit: kind == .client
          ? nil
          : entry(
            "account.login", source: source, account: kept.account,
            tenant: kept.account.soleTenant, target: kept.account.id))
    } catch {
      // It went away meanwhile.
      throw error.code == .notFound
        ? try await failed(kept.account, name: name, source) : error
    }
    // A password that was changed, or an account that was disabled, while this one was looked at has
    // ended the sessions that there were: not this one, which came later.
    let again = try await store.credentials(of: name, kind)
    guard let again, again.secretHash == kept.secretHash, again.account.id == kept.account.id,
      again.account.role == kept.account.role, again.account.tenants == kept.account.tenants,
      !again.account.isDisabled
    else {
      try await store.close(session: session.tokenHash)
      throw try await failed(kept.account, name: name, source)
    }
    limits.succeed(keys)
    limits.remember(name: name, from: source, at: now)
    return Grant(accessToken: token, expires: session.expires, account: again.account)
  }

  /// Notes a failure, and is what is thrown.
  private func failed(
    _ account: Account?, name: String, _ source: String
  ) async throws(Refusal) -> Refusal {
    try await store.append(
      AuditEntry(
        at: now(), account: account?.id ?? "", name: name, source: source,
        action: "account.login-failed", tenant: account?.soleTenant, target: account?.id ?? name))
    return Refusal(
      .loginFailed, "Name or secret are not right, or the account is disabled.",
      hint: "Try again; a site administrator can set a new password.")
  }

  private func isServed(_ account: Account) -> Bool {
    !account.isDisabled && (account.role != .tenantOwner || settings.tenantOwners)
  }
}
