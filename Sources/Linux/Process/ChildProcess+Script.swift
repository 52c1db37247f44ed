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
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = signals.former
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    let words: [String] = ["sh", "-c", text]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let failed = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environ)
    if failed != 0 { return .notRun(SystemError(errno: failed, operation: "run /bin/sh")) }
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
    let signal = status & 0x7F
    return .ended(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
  }

  /// Whether a child has ended, without taking its status.
  private static func isWaitedFor(_ pid: pid_t) -> Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0
      && info.si_signo == SIGCHLD
  }
}
