internal import Glibc

extension ChildProcess {
  /// Runs a shell script (sh(1)) in a process group of its own, its output in a file, and ends
  /// whatever is left of the group when the script ends, `seconds` have passed, or a signal came
  /// that is held. Such a signal stays pending.
  ///
  /// - Parameter despiteSignals: such signals wait until it has ended by itself: for cleaning up.
  /// - Returns: as shells say it; 128 and SIGKILL's number where it was ended.
  package static func script(
    _ text: String, output: String, seconds: Int, holding signals: HeldSignals,
    despiteSignals: Bool = false
  ) -> Outcome {
    let pid: pid_t
    do throws(SystemError) {
      pid = try start(["sh", "-c", text], named: "/bin/sh", signals, output: output)
    } catch {
      return .notRun(error)
    }
    let end = Clock.monotonicMicroseconds() + UInt64(seconds) * 1_000_000
    while !isWaitedFor(pid), Clock.monotonicMicroseconds() < end,
      despiteSignals || signals.pending() == nil
    {
      Clock.sleep(microseconds: 1_000)
    }
    // Before it is reaped, so that its group's number is nobody else's yet.
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      if errno != EINTR {
        return .notRun(SystemError(errno: errno, operation: "wait for process \(pid)"))
      }
    }
    return .ended(exitStatus(status))
  }

  /// Whether a child has ended, without taking its status.
  private static func isWaitedFor(_ pid: pid_t) -> Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0
      && info.si_signo == SIGCHLD
  }
}
