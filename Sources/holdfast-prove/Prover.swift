import ControlSocket
import JSON
import Linux
import Protection

/// One proving from its beginning to its end, which leaves nothing behind.
final class Prover {
  private let command: Command
  private let signals: HeldSignals
  private let report: Report

  /// How long the canary may take to be well after all was taken back: microseconds.
  private static let patience: UInt64 = 4_000_000
  /// What was set off may come late: microseconds for which all has to stay well.
  private static let quiet: UInt64 = 60_000
  /// Pauses up to here are the scheduler's on a busy host, where nothing else was seen.
  private static let noise: UInt64 = 200_000

  init(command: Command, signals: HeldSignals) {
    self.command = command
    self.signals = signals
    report = Report(isJSON: command.json)
  }

  /// - Returns: the exit status.
  func run() -> Int32 {
    guard Processes.isRoot else {
      let failure = Failure(
        status: 4, text: "Only root may attack the canary.", hint: "Try again with sudo.")
      report.fail(failure)
      return failure.status
    }
    var began = false
    var failure: Failure?
    do throws(Failure) {
      try prove(&began)
    } catch {
      failure = error
    }
    if began {
      // The connection is closed by now, so the daemon lets go.
      Daemon.awaitRelease(socket: command.socket)
      Undoing.finish(holding: signals)
    }
    Guardian.stop(holding: signals)
    if let failure {
      report.fail(failure)
      return failure.status
    }
    if let signal = signals.pending() {
      report.interrupted()
      return 128 + signal
    }
    return report.finish()
  }

  /// The daemon guards the canary for as long as this holds on to its connection.
  private func prove(_ began: inout Bool) throws(Failure) {
    let session: ControlClient.Conversation
    do {
      session = try ControlClient(path: command.socket, timeoutSeconds: 60).connect()
    } catch {
      throw Failure(error)
    }
    Guardian.start(holding: signals)
    _ = try Daemon.ask(session, "doctor prove")
    began = true
    try prepare()
    defer { Undoing.run(holding: signals) }
    try attack(session)
  }

  private func prepare() throws(Failure) {
    let script = """
      rm -rf $WORK && mkdir -m 0700 $WORK && : >$WORK/beat && : >$WORK/gaps || exit 1
      for file in $PROGRAM $SONG $FRAGMENT; do
        mkdir -p $WORK/copies${file%/*} && cp -p $file $WORK/copies$file || exit 1
      done
      """
    let outcome = ChildProcess.script(
      Canary.variables() + script, output: "/dev/null", seconds: 10, holding: signals)
    guard outcome == .ended(0) || signals.pending() != nil else {
      throw Failure(
        status: 1, text: "\(Canary.workplace) cannot be made, or the canary's files not be read.",
        hint: nil)
    }
  }

  // MARK: Attacking

  private func attack(_ session: ControlClient.Conversation) throws(Failure) {
    let verdicts = try Daemon.verdicts(session)
    guard let whole = awaitUp() else {
      if signals.pending() != nil { return }
      throw Failure(
        status: 1, text: "The canary does not run.", hint: "See: systemctl status \(Canary.unit)")
    }
    report.begin()
    for attack in Attack.all {
      if signals.pending() != nil { return }
      report.announce(attack)
      var trial = try trial(attack, whole, session)
      trial.expected = verdicts[attack.attackClass.id]
      if signals.pending() == nil { report.add(trial) }
    }
  }

  private func awaitUp() -> Wholeness? {
    let end = Clock.monotonicMicroseconds() + 5_000_000
    while Clock.monotonicMicroseconds() < end, signals.pending() == nil {
      if let whole = Wholeness(holding: signals) { return whole }
      Clock.sleep(microseconds: 10_000)
    }
    return nil
  }

  private func trial(
    _ attack: Attack, _ whole: Wholeness, _ session: ControlClient.Conversation
  ) throws(Failure) -> Trial {
    if let needed = attack.needed, !Files.exists(needed) {
      return Trial(attack: attack, verdict: .skipped, why: "there is no \(needed)")
    }
    if let failure = Daemon.obstacle(session) { throw failure }
    guard let before = Heartbeat.last() else {
      throw Failure(status: 1, text: "The canary fell silent by itself.", hint: nil)
    }
    let start = Clock.monotonicMicroseconds()
    let outcome = ChildProcess.script(
      Canary.variables(process: before.process) + attack.script, output: Canary.said, seconds: 15,
      holding: signals)
    let watch = awaitWhole(whole, patience: attack.patience)
    var trial = Trial(attack: attack, verdict: .healed)
    trial.down = Heartbeat.longestPause(since: start)
    guard let since = watch.since else {
      // A daemon that went away heals nothing, and that is no attack's doing.
      if signals.pending() == nil, let failure = Daemon.obstacle(session) { throw failure }
      trial.verdict = .succeeded
      trial.why = watch.damage
      try takeBack(attack, whole)
      return trial
    }
    let isUndisturbed =
      watch.wasWholeAtOnce && Heartbeat.last()?.process == before.process
      && trial.down < Self.noise
    if isUndisturbed {
      trial.down = 0
      if outcome != .ended(0) { trial.verdict = .refused }
    }
    trial.healedAfter = since - (attack.isLoop ? watch.start : start)
    return trial
  }

  /// What came of waiting for the canary to be well again.
  private struct Watch {
    let start = Clock.monotonicMicroseconds()
    /// Since when all was well: CLOCK_MONOTONIC microseconds. Nil where it never was.
    var since: UInt64?
    var wasWholeAtOnce = true
    /// What was wrong at last.
    var damage: String?
  }

  private func awaitWhole(_ whole: Wholeness, patience: UInt64) -> Watch {
    var watch = Watch()
    while signals.pending() == nil {
      let now = Clock.monotonicMicroseconds()
      watch.damage = whole.damage(holding: signals)
      if watch.damage == nil {
        watch.since = watch.since ?? Clock.monotonicMicroseconds()
        if let since = watch.since, now >= since + Self.quiet { return watch }
      } else {
        watch.since = nil
        watch.wasWholeAtOnce = false
        if now > watch.start + patience { return watch }
      }
      Clock.sleep(microseconds: 4_000)
    }
    return watch
  }

  /// An attack that was not healed is taken back, so that the next one finds a canary that is well.
  private func takeBack(_ attack: Attack, _ whole: Wholeness) throws(Failure) {
    guard signals.pending() == nil else { return }
    Undoing.run(reloads: true, holding: signals)
    let watch = awaitWhole(whole, patience: 3_000_000)
    guard watch.since == nil, signals.pending() == nil else { return }
    // Limits and priorities stay with a process until there is another.
    _ = ChildProcess.script(
      Canary.variables(process: Heartbeat.last()?.process ?? 0)
        + "kill -CONT $PID; kill -KILL $PID", output: "/dev/null", seconds: 5, holding: signals)
    let second = awaitWhole(whole, patience: Self.patience)
    if second.since == nil, signals.pending() == nil {
      throw Failure(
        status: 1,
        text: "After \"\(attack.title)\" the canary cannot be put right: "
          + (second.damage ?? "unknown"), hint: "How things stand: holdfast status")
    }
  }
}
