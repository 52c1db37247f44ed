internal import Linux
internal import Protection

/// Saying how things stand: to PID 1, the journal, the ledger and whoever watches.
extension Agent {
  func announce(from before: String) {
    since = Clock.wall()
    restSoon()
    _ = try? ServiceManager.notify("STATUS=\(statusLine)")
    tellWatchers()
    // To and fro between whole and damaged, as in a fight, goes on record at a bounded rate; what it
    // comes to in the end always does.
    let standing = [ProtectionState.protected.name, ProtectionState.degraded.name]
    if standing.contains(before), standing.contains(machine.state.name) {
      guard flapping == nil else { return }
      flapping = try? loop.after(microseconds: 5_000_000, accuracy: 500_000) { [weak self] in
        guard let self else { return }
        flapping = nil
        if recorded != machine.state.name { record(from: recorded) }
      }
    }
    record(from: before)
  }

  private func record(from before: String) {
    let name = machine.state.name
    recorded = name
    // An open window is announced with who opened it.
    if machine.state.grant == nil {
      Announcer.say(
        .state, machine.state == .degraded ? .warning : .notice, statusLine,
        [("STATE", name), ("PREVIOUS_STATE", before)])
    }
    recorder.event("state", outcome: name, details: problems.first.map { [("trouble", $0)] } ?? [])
  }

  var statusLine: String {
    switch machine.state {
    case .unmanaged:
      return trust.trust == nil
        ? "Not enrolled: nothing is protected."
        : "Switched off by the cluster's profile: nothing is protected."
    case .engaging: return "Protecting \(guards.definitions.count) services…"
    case .awaitingPackages:
      return "Protected; files and packages wait for a running package manager."
    case .protected: return standing
    case .degraded:
      return
        "Protected, but not all is as it should be: \(problems.first ?? "see its status")"
    case .releasing, .dismissing: return "Letting go…"
    case .unprotected(let grant):
      return "Unprotected until \(Clock.text(grant.endsAt)): "
        + "\(grant.services.sorted().joined(separator: ", "))."
    }
  }

  /// What keeps this host from being called protected, the most general first.
  var problems: [String] {
    var found = [auditBoot, stateProblem].compactMap(\.self) + standstill + timeProblems
    found += notices.alarms + vault.problems
    found += settings.problems
    if machine.state != .unmanaged, trust.trust == nil {
      found.append("the trust of this host is gone or damaged: the way out is the rescue boot")
    }
    found += guards.damaged.map { "\($0) cannot be read" }
    found += troubles.sorted { $0.key < $1.key }.flatMap { unit, what in
      what.map { $0.hasPrefix(unit) ? $0 : "\(unit): \($0)" }
    }
    return found
  }

  private var standing: String {
    func names(_ services: [ServiceDefinition]) -> String {
      services.map(\.unit).joined(separator: ", ")
    }
    let (kept, seen) = (enforced, audited)
    return [
      kept.isEmpty ? nil : "Protected: \(names(kept)).",
      seen.isEmpty ? nil : "Only watched (Mode=audit): \(names(seen)).",
    ].compactMap(\.self).joined(separator: " ")
  }
}
