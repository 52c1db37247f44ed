package import AgentToken

extension ControlPlane {
  /// Makes a site administrator where there is no account at all.
  ///
  /// - Returns: what to log in with, to be shown once; nil where there are accounts.
  package func firstAdministrator() async throws(Refusal) -> (name: String, password: String)? {
    guard try await !store.hasAccounts() else { return nil }
    let password = secrets.newPassword()
    let account = Account(
      id: secrets.newID(), kind: .person, name: "admin", role: .siteAdministrator, tenants: nil,
      createdAt: now(), createdBy: "")
    try await store.create(
      account, secretHash: try await secrets.passwordHash(password),
      audit: entry(
        "account.create", source: "local", target: account.id,
        details: Self.details(of: account)))
    return (account.name, password)
  }
}
