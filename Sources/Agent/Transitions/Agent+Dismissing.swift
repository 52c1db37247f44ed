internal import AgentToken
internal import HostConfiguration
internal import Linux
internal import Protection
internal import Shields

/// Letting go of everything by a signed profile's word, until another one says otherwise.
extension Agent {
  /// What switches protection off on this host, while it counts.
  var dismissal: Dismissal? {
    guard settings.profile?.isEnabled == false, let own = trust.trust,
      let profile = own.currentProfile
    else { return nil }
    return Dismissal(profile, revoked: own.revoked)
  }

  /// Carries out `.dismiss`. Ends in `.dismissed`; a failure has everything engaged again. Nothing of
  /// it is lost by a crash: the next start finds the profile and does it again.
  func dismiss() {
    let services = guards.definitions
    do {
      try guards.markVoid(Set(services.map(\.unit)))
    } catch {
      Announcer.say(.trouble, .error, "Cannot let go: \(error)")
      return dismissed(failure: "\(error)")
    }
    let stood = services.contains(where: board.stands)
    watchFiles(of: [])
    manager.watch([])
    packagePoll = nil
    awaitsPackages = false
    var problems: [Problem] = []
    // What was only watched has nothing to be let go of, and its files' flags are not ours.
    for service in services
    where settings.mode(of: service.unit) == .enforce || board.stands(service) {
      problems += board.release(service)
      stillAlive()
    }
    for service in services {
      groups.forget(service.unit)
      troubles[service.unit] = nil
    }
    updateProcessCheck()
    reloadIf(stood) { [weak self] in self?.dismissed(failure: problems.first?.sentence) }
  }

  private func dismissed(failure: String?) {
    if let failure {
      recorder.event("dismissed", outcome: "failed", details: [("reason", failure)])
    }
    handle(.dismissed(failure == nil))
    ready()
  }

  /// After what is revoked has changed: a profile whose key is revoked keeps nothing switched off.
  func reconsiderDismissal() {
    guard machine.state == .unmanaged, trust.trust != nil, dismissal == nil else { return }
    handle(.profileTaken(dismissal: nil))
  }
}
