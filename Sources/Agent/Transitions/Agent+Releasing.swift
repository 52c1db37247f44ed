internal import AgentToken
internal import Linux
internal import Protection
internal import Shields

/// Taking shields down for a grant whose intent is on disk, and putting an end to its window.
extension Agent {
  /// Carries out `.release`. Ends in `.released`; any failure has everything engaged again.
  func release(_ grant: Grant) {
    let services = guards.definitions.filter { grant.covers($0.unit) }
    do {
      try guards.markVoid(grant.services)
    } catch {
      Announcer.say(.trouble, .error, "Cannot let go: \(error)")
      return end(grant, failure: "\(error)")
    }
    // What is left standing is watched as before, what is let go of no longer.
    watchFiles(of: watched)
    manager.watch(watched.flatMap { $0.units.map(\.name) })
    var problems: [Problem] = []
    let spared = board.paths(of: enforced)
    // What was only watched has nothing to be let go of, and its files' flags are not ours.
    for service in services
    where settings.mode(of: service.unit) == .enforce || board.stands(service) {
      problems += board.release(service, sparing: spared)
      stillAlive()
    }
    for service in services {
      groups.forget(service.unit)
      troubles[service.unit] = nil
    }
    updateProcessCheck()
    manager.reload { [weak self] failure in
      self?.end(grant, failure: failure ?? problems.first?.sentence)
    }
  }

  private func end(_ grant: Grant, failure: String?) {
    recorder.unprotectResult(grant, failure: failure)
    publishCheckpointSoon()
    handle(.released(failure == nil))
  }

  func startWindow(_ grant: Grant) {
    acceptance = nil
    let now = Clock.boottimeMicroseconds()
    let left = grant.endsAtBoottime > now ? grant.endsAtBoottime - now : 0
    window = try? loop.after(microseconds: left, accuracy: 100_000) { [weak self] in
      guard let self else { return }
      recorder.event("window_over", outcome: "protecting")
      handle(.windowOver)
    }
    // Without a timer nothing would end the window.
    if window == nil { _ = try? loop.soon { [weak self] in self?.handle(.windowOver) } }
    Announcer.say(
      .unprotected, .warning, statusLine,
      [
        ("JTI", grant.token.jti), ("KID", grant.token.kid), ("SUBJECT", grant.token.subject ?? ""),
        ("RECORD", "\(grant.record)"),
      ])
  }
}
