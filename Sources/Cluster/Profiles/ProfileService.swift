package import AgentToken
internal import Issuing
package import JSON

extension ControlPlane {
  // MARK: Seeing

  /// Those that the caller's tenants may use.
  package func profiles(
    _ caller: Caller, _ page: PageRequest
  ) async throws(Refusal) -> Page<Profile> {
    try await store.profiles(caller.view, page)
  }

  package func profile(_ caller: Caller, _ id: String) async throws(Refusal) -> Profile {
    guard let profile = try await store.profile(id),
      profile.tenant == nil || caller.view.shows(tenant: profile.tenant)
    else { throw Refusal.missing("profile", id) }
    return profile
  }

  package func versions(
    _ caller: Caller, _ id: String, _ page: PageRequest
  ) async throws(Refusal) -> Page<Profile> {
    _ = try await profile(caller, id)
    return try await store.versions(of: id, page)
  }

  package func assignments(_ caller: Caller) async throws(Refusal) -> [ProfileAssignment] {
    try await store.assignments().filter { caller.view.shows(tenant: $0.tenant) }
  }

  // MARK: Changing

  package func createProfile(
    _ caller: Caller, _ draft: ProfileDraft
  ) async throws(Refusal) -> Profile {
    try caller.require(.manageProfiles)
    try PlainText.check(draft.name, "name", 1...64)
    let text = try Profile.text(of: draft.settings)
    if let tenant = draft.tenant { try await requireTenant(caller, tenant) }
    let profile = Profile(
      id: secrets.newID(), name: draft.name, tenant: draft.tenant, version: 1, settings: text,
      changedAt: now(), changedBy: caller.account.name)
    try await store.create(
      profile,
      audit: caller.entry(
        "profile.create", at: now(), tenant: draft.tenant, target: profile.id,
        details: details(of: profile)))
    return profile
  }

  /// A new version of a profile, which agents get at once.
  ///
  /// - Parameters:
  ///   - name: nil to leave it.
  ///   - following: the version that the caller has seen; nil for whichever there is.
  /// - Throws: `conflict` where there is a newer one.
  package func changeProfile(
    _ caller: Caller, _ id: String, settings: JSON, name: String? = nil,
    following: Int64? = nil
  ) async throws(Refusal) -> Profile {
    try caller.require(.manageProfiles)
    let old = try await profile(caller, id)
    if let name { try PlainText.check(name, "name", 1...64) }
    if let following, following != old.version {
      throw Refusal(
        .conflict, "The profile has version \(old.version) by now, not \(following).",
        hint: "Look at what was changed, then try again.")
    }
    _ = try profileSigner()
    let profile = Profile(
      id: id, name: name ?? old.name, tenant: old.tenant, version: old.version + 1,
      settings: try Profile.text(of: settings), changedAt: now(), changedBy: caller.account.name)
    try await store.change(
      profile,
      audit: caller.entry(
        "profile.change", at: now(), tenant: old.tenant, target: id, details: details(of: profile)))
    await spread()
    return profile
  }

  /// - Throws: `conflict` where it is assigned or an agent's own.
  package func deleteProfile(_ caller: Caller, _ id: String) async throws(Refusal) {
    try caller.require(.manageProfiles)
    let profile = try await profile(caller, id)
    try await store.delete(
      profile: id,
      audit: caller.entry(
        "profile.delete", at: now(), tenant: profile.tenant, target: id,
        details: details(of: profile)))
  }

  private func details(of profile: Profile) -> String {
    let json: JSON = ["name": .string(profile.name), "version": .integer(profile.version)]
    return json.encoded()
  }

  // MARK: Assigning

  /// Puts a profile in force for a tenant's agents, all or those with a label.
  package func assign(
    _ caller: Caller, _ assignment: ProfileAssignment
  ) async throws(Refusal) {
    try caller.require(.manageProfiles)
    try await requireTenant(caller, assignment.tenant)
    try requireUse(of: await profile(caller, assignment.profile), in: assignment.tenant)
    if let label = assignment.label { try Labels.check(assignment: label) }
    _ = try profileSigner()
    try await store.assign(assignment, audit: entry(caller, "profile.assign", assignment))
    await spread(tenant: assignment.tenant)
  }

  /// - Throws: `not_found` where it is not assigned so.
  package func unassign(
    _ caller: Caller, _ assignment: ProfileAssignment
  ) async throws(Refusal) {
    try caller.require(.manageProfiles)
    guard caller.view.shows(tenant: assignment.tenant) else {
      throw Refusal(.notFound, "The profile is not assigned so.")
    }
    try await store.unassign(assignment, audit: entry(caller, "profile.unassign", assignment))
    await spread(tenant: assignment.tenant)
  }

  private func entry(
    _ caller: Caller, _ action: String, _ assignment: ProfileAssignment
  ) -> AuditEntry {
    let json: JSON = ["label": assignment.label.map(JSON.string) ?? .null]
    return caller.entry(
      action, at: now(), tenant: assignment.tenant, target: assignment.profile,
      details: json.encoded())
  }

  /// Puts a profile in force for one agent, ahead of what is assigned; nil for none of its own.
  ///
  /// Besides those who manage profiles, whoever made a registration token with that right may apply
  /// and revoke that token's profile for the agents that it enrolled.
  package func applyProfile(
    _ caller: Caller, agent id: String, profile: String?
  ) async throws(Refusal) -> AgentEntry {
    let agent = try await seen(caller, id)
    if !caller.may(.manageProfiles) {
      let token = try await store.registrationToken(agent.registrationToken)
      // Who was made something else since has no such right left.
      guard caller.may(.createRegistrationTokens), let token, token.managesProfile,
        token.createdBy == caller.account.id, profile == nil || profile == token.profile
      else {
        try caller.require(.manageProfiles)
        return AgentEntry(agent, hub)
      }
    }
    if let profile {
      try requireUse(of: await self.profile(caller, profile), in: agent.tenant)
    }
    _ = try profileSigner()
    let json: JSON = ["profile": profile.map(JSON.string) ?? .null]
    try await store.set(
      ownProfile: profile, of: id,
      audit: caller.entry(
        "agent.profile", at: now(), tenant: agent.tenant, target: id, details: json.encoded()))
    await spread(agents: [id])
    return AgentEntry(try await seen(caller, id), hub)
  }

  private func requireUse(of profile: Profile, in tenant: String) throws(Refusal) {
    guard profile.tenant == nil || profile.tenant == tenant else {
      throw Refusal(
        .invalid,
        "The profile \(profile.name.quoted()) is for the tenant \(profile.tenant ?? "") alone.",
        hint: "Make one for this tenant, or one for all.")
    }
  }

  /// - Throws: `not_found`.
  func requireTenant(_ caller: Caller, _ id: String) async throws(Refusal) {
    guard caller.view.shows(tenant: id), try await store.tenant(id) != nil else {
      throw Refusal.missing("tenant", id)
    }
  }
}
