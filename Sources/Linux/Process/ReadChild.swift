internal import Glibc

/// A command whose standard output is read from here. What it has to complain about goes nowhere.
package final class ReadChild {
  package let output: FileDescriptor
  private let pid: pid_t
  private var status: Int32?

  /// Starts it, found along PATH.
  package init(_ command: [String]) throws(SystemError) {
    var ends: [Int32] = [0, 0]
    try syscall("make a pipe") { pipe2(&ends, O_CLOEXEC) }
    output = FileDescriptor(adopting: ends[0])
    let input = FileDescriptor(adopting: ends[1])
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, input.raw, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    let name = command.first ?? ""
    var child: pid_t = 0
    let failed = posix_spawnp(&child, name, &actions, &attributes, arguments, environ)
    if failed != 0 { throw SystemError(errno: failed, operation: "run \(name)") }
    pid = child
  }

  /// Ends it where it has not ended by itself at the end of what was read, and returns its exit
  /// status as shells say it.
  package func end() -> Int32 {
    if let status { return status }
    // It would wait for ever for somebody to read the rest.
    while let piece = try? output.read(upTo: 64 << 10), !piece.isEmpty {}
    var word: Int32 = 0
    while waitpid(pid, &word, 0) < 0, errno == EINTR {}
    let ended = ChildProcess.exitStatus(word)
    status = ended
    return ended
  }

  deinit { _ = end() }
}
