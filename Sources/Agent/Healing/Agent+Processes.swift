internal import Linux
internal import Protection

/// Against what is done to a service's processes without an event: stop signals and tracers; and
/// the slow look at everything else that sends none.
extension Agent {
  /// Twice a second, and only while a service other than Holdfast is guarded.
  func updateProcessCheck() {
    let needed = watched.contains { $0.unit != Own.service }
    if !needed {
      processCheck = nil
    } else if processCheck == nil {
      processCheck = try? loop.every(microseconds: 500_000, accuracy: 50_000) { [weak self] in
        self?.checkProcesses()
      }
    }
  }

  private func checkProcesses() {
    checks += 1
    // Every two seconds: what a write through a mapping changes sends no event either.
    if checks % 4 == 0 { mendState() }
    // And of one service, by turns, what PID 1 was told without a file.
    if checks % 4 == 0 { askAboutLimits() }
    if checks % 4 == 0, isFree, enforced.contains(where: { !board.isWhole($0, shieldsInForce($0)) })
    {
      inspectSoon()
    }
    auditProcesses()
    var stillHeld: Set<Int32> = []
    for service in enforced {
      checkGroup(of: service)
      guard let group = groups[service.unit] else { continue }
      for pid in ControlGroup.processes(group.path) {
        switch Processes.state(pid) {
        case "T":
          try? Processes.signal(pid, Signals.continue)
          healed(service.unit, ["was stopped by a signal"])
        case "t" where healing.held.contains(pid):
          // A debugger lets go of nothing; a fresh process is not held.
          let tracer = Processes.tracer(pid).flatMap(Bystander.init)
          try? Processes.signal(pid, Signals.kill)
          healed(service.unit, ["was held by a tracer"], by: tracer)
        case "t": stillHeld.insert(pid)
        default: break
        }
      }
    }
    healing.held = stillHeld
    thawManager()
    // Looking brings its code back into memory, until the next look to no end.
    ResidentCode.release()
  }
}
