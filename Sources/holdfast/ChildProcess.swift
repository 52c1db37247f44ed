import Glibc

/// A command run in the foreground, with the signals that are meant to end this program handed on
/// to it: they end the command, never the watching over it.
struct ChildProcess {
  /// Holds the signals back from here on. Call it before whatever must not be interrupted.
  static func holdSignals() -> HeldSignals {
    HeldSignals()
  }

  /// How a command ended, as shells say it: its exit status, or 128 and the signal's number.
  enum Outcome {
    case ended(Int32)
    /// It could not be run: an errno.
    case notRun(Int32)
  }

  /// Why a command could not be run, as far as can be told without running it: an errno. Nil where
  /// nothing speaks against it.
  static func obstacle(to command: String) -> Int32? {
    guard !command.contains("/") else { return access(command, X_OK) == 0 ? nil : errno }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    var found = ENOENT
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
      // An empty entry is the current folder.
      if access(folder.isEmpty ? command : "\(folder)/\(command)", X_OK) == 0 { return nil }
      if errno == EACCES { found = EACCES }
    }
    return found
  }

  /// Runs a command, found along PATH, and waits for its end.
  static func run(_ command: [String], holding signals: HeldSignals) -> Outcome {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The command starts with the signals as this program found them, and with the SIGPIPE that
    // this program ignores.
    var mask = signals.former
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let failed = posix_spawnp(&pid, command[0], nil, &attributes, arguments, environ)
    return failed == 0 ? wait(for: pid, signals) : .notRun(failed)
  }

  private static func wait(for pid: pid_t, _ signals: HeldSignals) -> Outcome {
    while true {
      var status: Int32 = 0
      let result = waitpid(pid, &status, WNOHANG)
      if result == pid { return .ended(exitStatus(status)) }
      if result < 0 && errno != EINTR { return .notRun(errno) }
      let (signal, isFromTerminal) = signals.next()
      // What a terminal sends goes to the command as well, without our help.
      if signal > 0, signal != SIGCHLD, !isFromTerminal { kill(pid, signal) }
    }
  }

  /// wait(2)'s status word: WIFEXITED and its like are macros.
  private static func exitStatus(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}

/// SIGCHLD and the signals that would end this program, blocked and waited for by sigwaitinfo(2).
/// One that was ignored when this program started (nohup(1)) stays so.
struct HeldSignals {
  /// The mask to give to a child.
  let former: sigset_t
  private let held: sigset_t

  fileprivate init() {
    // A SIGCHLD that is ignored would take the child's exit status with it.
    signal(SIGCHLD, SIG_DFL)
    var held = sigset_t()
    var former = sigset_t()
    sigemptyset(&held)
    sigaddset(&held, SIGCHLD)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      var action = sigaction()
      sigaction(signal, nil, &action)
      // SIG_IGN is 1 (signal(2)); a function pointer cannot be compared in Swift.
      let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      if handler != 1 { sigaddset(&held, signal) }
    }
    sigprocmask(SIG_BLOCK, &held, &former)
    self.held = held
    self.former = former
  }

  /// A signal that came meanwhile and would have ended this program; nil where none did.
  func pending() -> Int32? {
    var waiting = sigset_t()
    guard sigpending(&waiting) == 0 else { return nil }
    return [SIGINT, SIGTERM, SIGHUP, SIGQUIT].first {
      sigismember(&waiting, $0) == 1 && isHeld($0)
    }
  }

  /// Waits for the next signal.
  ///
  /// - Returns: its number, and whether a terminal's key sent it (to the whole process group);
  ///   -1 where the wait was interrupted.
  fileprivate func next() -> (signal: Int32, isFromTerminal: Bool) {
    var held = held
    var info = siginfo_t()
    let signal = sigwaitinfo(&held, &info)
    return (signal, info.si_code == SI_KERNEL)
  }

  private func isHeld(_ signal: Int32) -> Bool {
    var held = held
    return sigismember(&held, signal) == 1
  }
}
