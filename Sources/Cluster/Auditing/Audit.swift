package import AgentToken

extension ControlPlane {
  /// Who changed what, the newest first: what is about the caller's tenants, or everything.
  ///
  /// - Throws: `forbidden`.
  package func audit(
    _ caller: Caller, _ filter: AuditFilter, _ page: PageRequest
  ) async throws(Refusal) -> Page<AuditEntry> {
    try caller.require(.readAudit)
    return try await store.audit(caller.view, filter, page)
  }

  /// What the control plane itself notes, of somebody who is no caller.
  func entry(
    _ action: String, source: String, account: Account? = nil, tenant: String? = nil,
    target: String, details: String = "{}"
  ) -> AuditEntry {
    AuditEntry(
      at: now(), account: account?.id ?? "", name: account?.name ?? "", source: source,
      action: action, tenant: tenant, target: target, details: details)
  }
}
