import Glibc
import Linux
import Testing

/// One after the other: signals belong to the whole process.
@Suite(.serialized) struct ChildProcessTests {
  private func run(_ command: String...) -> ChildProcess.Outcome {
    // Another test on this thread may have left a signal blocked.
    release()
    let signals = HeldSignals()
    defer { release() }
    return ChildProcess.run(command, holding: signals)
  }

  /// What `HeldSignals` holds for the rest of a program is let go of again in a test.
  private func release() {
    var mask = sigset_t()
    sigemptyset(&mask)
    for signal in [SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&mask, signal) }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  @Test func saysHowItEnded() {
    #expect(run("/bin/sh", "-c", "exit 7") == .ended(7))
    #expect(run("true") == .ended(0))
    #expect(run("/bin/sh", "-c", "kill -KILL $$") == .ended(128 + SIGKILL))
  }

  @Test func theCommandHasItsSignalsBack() {
    // Blocked or ignored, they would end nothing.
    ignoreSIGPIPE()
    #expect(run("/bin/sh", "-c", "kill -TERM $$; exit 0") == .ended(128 + SIGTERM))
    #expect(run("/bin/sh", "-c", "kill -PIPE $$; exit 0") == .ended(128 + SIGPIPE))
  }

  @Test func saysWhyItWasNotRun() {
    guard case .notRun(let error) = run("/nonexistent/command") else {
      Issue.record("it was run")
      return
    }
    #expect(error.errno == ErrorNumber.noSuchFile)
    #expect(run() != .ended(0))
  }

  @Test func seesWhatStandsInTheWay() {
    #expect(ChildProcess.obstacle(to: "sh") == nil)
    #expect(ChildProcess.obstacle(to: "/bin/sh") == nil)
    #expect(ChildProcess.obstacle(to: "no-such-command-here")?.errno == ENOENT)
    #expect(ChildProcess.obstacle(to: "/no/such/command")?.errno == ENOENT)
    #expect(ChildProcess.obstacle(to: "/etc/passwd")?.errno == EACCES)
  }
}
