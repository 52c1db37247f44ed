internal import Linux
internal import Protection

/// A real shutdown is let be: services get their normal stop, and nothing is started, reloaded or
/// restarted in its way. Files and packages stay as protected as before. One that is called off
/// ends in everything being protected, and up, again.
extension Agent {
  /// Looks whether the host is going down, or no longer is.
  func lookForShutdown() {
    manager.jobs { [weak self] jobs in
      guard let self, let jobs else { return }
      noteShutdown(jobs.shutdown)
    }
  }

  private func noteShutdown(_ found: String?) {
    guard found != shutdown else { return }
    shutdown = found
    guard machine.state != .unmanaged else { return }
    if let found {
      Announcer.say(
        .state, .notice,
        "The host is going down (\(found)): services are let go of, files and packages are not.",
        [("SHUTDOWN", found)])
      recorder.event("shutdown", outcome: found)
    } else {
      Announcer.say(
        .state, .warning, "The shutdown was called off: services are protected again.")
      recorder.event("shutdown", outcome: "called off")
      manager.onJobDone = nil
      startServices()
      // What was left out meanwhile.
      manager.reload { [weak self] _ in
        guard let self else { return }
        guard isLingering else { return inspectSoon() }
        startAnew()
      }
    }
  }

  private func startServices() {
    for service in enforced where service.unit != Own.service {
      for unit in service.units where unit.fragment != nil && service.staysUp(unit) {
        manager.startAtOnce(unit.name)
      }
    }
  }

  /// Ends the daemon; PID 1 starts it once it has ended.
  private func startAnew() {
    manager.startAtOnce(Own.service) { [weak self] _ in self?.stop() }
  }

  // MARK: Being stopped

  /// SIGTERM: ends the daemon, at once but in a shutdown.
  ///
  /// There it stays until nothing else is being stopped: were the shutdown called off later, nobody
  /// would be there to start what was stopped. PID 1 unmounts file systems after this.
  func terminate() {
    guard !isLingering else { return stop() }
    isLingering = true
    manager.jobs { [weak self] jobs in
      guard let self else { return }
      guard let jobs, jobs.shutdown != nil else {
        // Nobody may ask for this while the daemon is protected: it came through a dependency, and
        // what upholds us all is refused for as long as that has jobs of its own.
        guard enforced.contains(where: { $0.unit == Own.service }) else { return stop() }
        startServices()
        return startAnew()
      }
      noteShutdown(jobs.shutdown)
      manager.onJobDone = { [weak self] in self?.lookAgainSoon() }
      goOnLingering(jobs)
    }
  }

  private func goOnLingering(_ jobs: Jobs) {
    guard !jobs.stopping.isSubset(of: Own.units) else { return stop() }
    // Jobs end in flocks; and with none, PID 1 hears in time that this is no daemon that hangs.
    _ = try? ServiceManager.notify(
      "EXTEND_TIMEOUT_USEC=3000000\nSTATUS=Waiting for other services to stop.")
    lookAgain = try? loop.after(microseconds: 1_000_000, accuracy: 100_000) { [weak self] in
      self?.lookWhileLingering()
    }
    if lookAgain == nil { stop() }
  }

  private func lookAgainSoon() {
    lookAgain = try? loop.after(microseconds: 10_000, accuracy: 5_000) { [weak self] in
      self?.lookWhileLingering()
    }
  }

  private func lookWhileLingering() {
    manager.jobs { [weak self] jobs in
      guard let self else { return }
      guard let jobs else { return stop() }
      noteShutdown(jobs.shutdown)
      if jobs.shutdown != nil { goOnLingering(jobs) }
    }
  }
}
