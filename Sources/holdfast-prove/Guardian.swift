import Linux

/// A unit of PID 1's that outlives the prover for a moment: where that was killed, this cleans up.
enum Guardian {
  private static func unit(of prover: Int32) -> String {
    "holdfast-prove-guardian-\(prover).service"
  }

  static func start(holding signals: HeldSignals) {
    let program = Processes.executable(Processes.own) ?? ""
    _ = ChildProcess.script(
      Canary.variables() + """
        systemd-run -q --collect --unit=\(unit(of: Processes.own)) \
          -p Description='Cleans up after holdfast doctor --prove' \
          \(program) --after \(Processes.own)
        """, output: "/dev/null", seconds: 10, holding: signals, despiteSignals: true)
  }

  static func stop(holding signals: HeldSignals) {
    _ = ChildProcess.script(
      Canary.variables() + "systemctl stop \(unit(of: Processes.own))", output: "/dev/null",
      seconds: 10, holding: signals, despiteSignals: true)
  }

  /// Waits for the prover's end, then for the daemon to have let go of the canary.
  static func wait(for prover: Int32, holding signals: HeldSignals) {
    if let process = try? Processes.pidfdOpen(prover) {
      while !Processes.hasEnded(process) {
        if signals.pending() != nil { return }
        Clock.sleep(microseconds: 100_000)
      }
    }
    // Where another prover has it by now, the canary is that one's to look after.
    if Daemon.awaitRelease(socket: "/run/holdfast/control.sock") {
      Undoing.finish(holding: signals)
    }
  }
}
