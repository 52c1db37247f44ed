internal import AgentToken
internal import JSON
internal import Linux

/// Trusted time in the agent: looking at the clock, saying how it stands, and noticing that this is
/// another machine.
extension Agent {
  /// At the start.
  func keepTime() {
    timekeeper.onChange = { [weak self] in self?.clockChanged(from: $0, to: $1) }
    clockTick = try? loop.every(
      microseconds: Timekeeper.period * 1_000_000, accuracy: 5_000_000
    ) { [weak self] in self?.lookAtTime() }
    recorder.forgetSpent(hardFloor: timekeeper.clock.hardFloor)
    guard trust.trust != nil else { return }
    if clocks.isBlind {
      Announcer.say(
        .trouble, .notice,
        "PID 1's time namespace cannot be seen, so it is taken for the daemon's own.")
    }
    if timekeeper.standing != .wall { sayClock(previous: nil) }
    noticeMachine()
  }

  private func lookAtTime() {
    timekeeper.tick()
    if trust.trust != nil { noticeMachine() }
    keepLedger()
    link.save(paths.state, now: Clock.wall())
  }

  // MARK: The clock

  private func clockChanged(
    from before: TrustedClock.Standing, to standing: TrustedClock.Standing
  ) {
    sayClock(previous: before)
    if before == .otherMachine || standing == .otherMachine { inspectSoon() }
  }

  private func sayClock(previous: TrustedClock.Standing?) {
    let standing = timekeeper.standing
    Announcer.say(
      .trouble, standing == .wall ? .notice : .warning, clockSentence,
      [("CLOCK", standing.rawValue)])
    recorder.event(
      "clock", outcome: standing.rawValue,
      details: [
        ("previous", previous?.rawValue ?? ""), ("offset", "\(timekeeper.offset)"),
      ])
  }

  private var clockSentence: String {
    switch timekeeper.standing {
    case .wall: "This host's clock is believed again."
    case .estimated:
      "This host's clock is \(Self.distance(timekeeper.offset)) what a signature told, which counts."
    case .rolledBack:
      "This host's clock is \(Self.distance(timekeeper.offset)) what is known to have passed: until "
        + "it is right, only a token that answers a challenge opens it."
    case .stateMissing:
      "What this host knew of the time is gone: only a token that answers a challenge opens it."
    case .otherMachine:
      "\(otherMachine ?? "This is another machine than it was, a copy or an older state of it"); "
        + "only a token that answers a challenge opens it."
    case .shifted:
      "The daemon runs in a time namespace of its own: only a token that answers a challenge opens "
        + "this host."
    }
  }

  private static func distance(_ offset: Int64) -> String {
    "\(abs(offset)) s \(offset < 0 ? "behind" : "ahead of")"
  }

  /// What `status` has of the time.
  var time: JSON {
    let trusted = timekeeper.time()
    return [
      "now": .integer(trusted.now), "offset": .integer(timekeeper.offset),
      "soft_floor": .integer(timekeeper.clock.state.softFloor),
      "hard_floor": .integer(trusted.hardFloor),
    ]
  }

  // MARK: The machine

  /// Looks whether this is the machine that the state is of.
  func noticeMachine() {
    let marks = MachineStore.current()
    guard identity.differences(marks).isEmpty else {
      guard timekeeper.standing != .otherMachine else { return }
      // What was asked of the other one is not for this one to take an answer to.
      challengeKey.renew()
      timekeeper.suspectMachine()
      return
    }
    // What could not be read before is known from now on.
    if timekeeper.standing != .otherMachine { try? identity.accept(marks) }
  }

  /// This is the machine, says whoever enrolled it or answered its challenge.
  func acceptMachine() { try? identity.accept(MachineStore.current()) }

  private var otherMachine: String? {
    let marks = identity.differences(MachineStore.current())
    guard !marks.isEmpty else { return nil }
    return
      "This is another machine than it was (another \(marks.joined(separator: " and "))), a copy "
      + "or an older state of it"
  }

  /// What keeps the host from being called protected.
  var timeProblems: [String] {
    let machine = timekeeper.standing == .otherMachine ? clockSentence : nil
    return [machine, timekeeper.problem].compactMap(\.self)
  }
}
