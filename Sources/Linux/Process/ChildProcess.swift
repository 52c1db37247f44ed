internal import Glibc

/// A command run in the foreground, with the signals that are meant to end this program handed on
/// to it: they end the command, never the watching over it.
package enum ChildProcess {
  /// How a command ended.
  package enum Outcome: Sendable, Equatable {
    /// As shells say it: its exit status, or 128 and the signal's number.
    case ended(Int32)
    case notRun(SystemError)
  }

  /// Why a command could not be run, as far as can be told without running it; nil where nothing
  /// speaks against it.
  package static func obstacle(to command: String) -> SystemError? {
    func error(_ number: Int32) -> SystemError {
      SystemError(errno: number, operation: "run \(command)")
    }
    guard !command.contains("/") else { return access(command, X_OK) == 0 ? nil : error(errno) }
    let path = Environment.value(of: "PATH") ?? "/usr/bin:/bin"
    var found = ENOENT
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
      // An empty entry is the current folder.
      if access(folder.isEmpty ? command : "\(folder)/\(command)", X_OK) == 0 { return nil }
      if errno == EACCES { found = EACCES }
    }
    return error(found)
  }

  /// Runs a command, found along PATH, and waits for its end. It starts with the signals as this
  /// program found them, and with the SIGPIPE that this program may ignore.
  package static func run(_ command: [String], holding signals: HeldSignals) -> Outcome {
    guard let name = command.first else {
      return .notRun(SystemError(errno: EINVAL, operation: "run no command"))
    }
    do throws(SystemError) {
      return wait(for: try start(command, named: name, signals), signals)
    } catch {
      return .notRun(error)
    }
  }

  /// Starts a command with the signals as this program found them.
  ///
  /// - Parameter output: a file that takes what it says, with nothing to read and a process group of
  ///   its own; nil for what this program itself has.
  static func start(
    _ command: [String], named name: String, _ signals: HeldSignals, output: String? = nil
  ) throws(SystemError) -> pid_t {
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
    let group = output == nil ? 0 : POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let output {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let failed = posix_spawnp(&pid, name, &actions, &attributes, arguments, environ)
    if failed != 0 { throw SystemError(errno: failed, operation: "run \(name)") }
    return pid
  }

  private static func wait(for pid: pid_t, _ signals: HeldSignals) -> Outcome {
    while true {
      var status: Int32 = 0
      let result = waitpid(pid, &status, WNOHANG)
      if result == pid { return .ended(exitStatus(status)) }
      if result < 0 && errno != EINTR {
        return .notRun(SystemError(errno: errno, operation: "wait for process \(pid)"))
      }
      let (signal, isFromTerminal) = signals.next()
      // What a terminal sends goes to the command as well, without our help.
      if signal > 0, signal != SIGCHLD, !isFromTerminal { kill(pid, signal) }
    }
  }

  /// wait(2)'s status word: WIFEXITED and its like are macros.
  static func exitStatus(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}
