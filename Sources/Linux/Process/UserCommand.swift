internal import Glibc

/// A program run as another user and with nothing of this one's: told something on its standard input,
/// and heard out. What it has to complain about goes to this program's standard error.
package struct UserCommand {
  package let uid: UInt32
  package let gid: UInt32
  /// `NAME=VALUE`, and there is nothing else.
  package let environment: [String]

  package init(uid: UInt32, gid: UInt32, environment: [String]) {
    self.uid = uid
    self.gid = gid
    self.environment = environment
  }

  package struct Answer: Sendable {
    /// As shells say it: its exit status, or 128 and the signal's number.
    package let status: Int32
    package let output: [UInt8]
  }

  /// As much as a pipe holds, so that neither side waits for the other: bytes.
  package static let inputLimit = 64 << 10

  /// Runs it with no group but `gid`, no capability, no way to get more rights (setpriv(1)), and `/` as
  /// its directory, and waits for its end.
  ///
  /// - Parameter outputLimit: bytes; more is EFBIG, as is an input over `inputLimit`.
  package func run(
    _ command: [String], input: [UInt8], outputLimit: Int
  ) throws(SystemError) -> Answer {
    guard input.count <= Self.inputLimit else {
      throw SystemError(errno: EFBIG, operation: "write to \(command.first ?? "")")
    }
    let (pid, heard) = try start(command, input)
    let output: [UInt8]?
    do throws(SystemError) {
      output = try heard.readAll(limit: outputLimit)
    } catch {
      output = nil
      // It would wait for ever for somebody to read the rest.
      kill(pid, SIGKILL)
    }
    var word: Int32 = 0
    while waitpid(pid, &word, 0) < 0, errno == EINTR {}
    guard let output else {
      throw SystemError(errno: EFBIG, operation: "read from \(command.first ?? "")")
    }
    return Answer(status: ChildProcess.exitStatus(word), output: output)
  }

  /// - Returns: its process, and what reads what it says.
  private func start(
    _ command: [String], _ input: [UInt8]
  ) throws(SystemError) -> (pid_t, FileDescriptor) {
    let told = try Self.pipe()
    let said = try Self.pipe()
    // It fits, and is there before anybody reads it.
    try told.writing.writeAll(input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, told.reading.raw, 0)
    posix_spawn_file_actions_adddup2(&actions, said.writing.raw, 1)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    posix_spawn_file_actions_addchdir_np(&actions, "/")
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let setpriv = "/usr/bin/setpriv"
    let rights = [
      setpriv, "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--no-new-privs",
      "--inh-caps=-all", "--bounding-set=-all", "--",
    ]
    let words = (rights + command).map { strdup($0) }
    let names = environment.map { strdup($0) }
    defer { for word in words + names { free(word) } }
    var pid: pid_t = 0
    let failed = posix_spawn(&pid, setpriv, &actions, &attributes, words + [nil], names + [nil])
    if failed != 0 { throw SystemError(errno: failed, operation: "run \(setpriv)") }
    return (pid, said.reading)
  }

  private static func pipe() throws(SystemError) -> (
    reading: FileDescriptor, writing: FileDescriptor
  ) {
    var ends: [Int32] = [0, 0]
    try syscall("make a pipe") { pipe2(&ends, O_CLOEXEC) }
    return (FileDescriptor(adopting: ends[0]), FileDescriptor(adopting: ends[1]))
  }
}
