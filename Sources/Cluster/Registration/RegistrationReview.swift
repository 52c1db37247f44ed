package import AgentToken
internal import Issuing
internal import JSON

extension ControlPlane {
  /// How many agents, or registration tokens, may be asked for, or named, at once.
  package static var mostAtOnce: Int { 500 }

  /// What `createRegistrationTokens` would make of each entry. Changes nothing.
  ///
  /// - Throws: `forbidden`, and `invalid_request` where there are no entries or too many.
  package func review(
    _ caller: Caller, _ requests: [RegistrationRequest]
  ) async throws(Refusal) -> [ReviewedRegistration] {
    try caller.require(.createRegistrationTokens)
    try Self.check(count: requests.count)
    let now = now()
    var reviewed: [ReviewedRegistration] = []
    for request in requests {
      do throws(Refusal) {
        let (tenant, profile) = try await check(request, caller)
        reviewed.append(
          ReviewedRegistration(
            request: request, tenantName: tenant.name, profileName: profile?.name,
            expires: request.expires(from: now), refusal: nil))
      } catch {
        // A database that cannot be read says nothing of the entry.
        if error.code == .storeFailed { throw error }
        reviewed.append(
          ReviewedRegistration(
            request: request, tenantName: nil, profileName: nil, expires: nil, refusal: error))
      }
    }
    return reviewed
  }

  static func check(count: Int) throws(Refusal) {
    guard (1...mostAtOnce).contains(count) else {
      throw Refusal(.invalid, "1 to \(mostAtOnce) are taken at once, not \(count).")
    }
  }

  /// - Throws: why the entry cannot be made.
  func check(
    _ request: RegistrationRequest, _ caller: Caller
  ) async throws(Refusal) -> (tenant: Tenant, profile: Profile?) {
    let tenant = try await tenant(caller, request.tenant)
    try PlainText.check(
      request.description, "description", RegistrationRequest.descriptionLengths)
    guard RegistrationRequest.uses.contains(request.uses) else {
      throw Refusal(
        .invalid,
        "A registration token has \(RegistrationRequest.uses.lowerBound) to "
          + "\(RegistrationRequest.uses.upperBound) uses, not \(request.uses).")
    }
    if case .seconds(let seconds) = request.lifetime {
      guard RegistrationRequest.lifetimes.contains(seconds) else {
        throw Refusal(
          .invalid,
          "A registration token lives for \(RegistrationRequest.lifetimes.lowerBound) to "
            + "\(RegistrationRequest.lifetimes.upperBound) seconds (1 hour to 1 year), or until it "
            + "is revoked where that is said.")
      }
    }
    guard let id = request.profile else {
      guard !request.managesProfile else {
        throw Refusal(.invalid, "The right to a profile needs a profile: name it.")
      }
      return (tenant, nil)
    }
    guard let profile = try await store.profile(id), (profile.tenant ?? tenant.id) == tenant.id
    else { throw .missing("profile", id) }
    return (tenant, profile)
  }
}
