import Glibc
import Linux

/// A child process whose output can be read; killed and reaped when the test lets go.
final class Child {
  let pid: Int32
  let output: FileDescriptor
  private var isReaped = false

  init(_ arguments: String...) throws {
    let (mine, its) = try UnixSocket.pair()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, its.raw, 1)
    var copies = arguments.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var pid: Int32 = 0
    let result = posix_spawnp(&pid, arguments[0], &actions, nil, &copies, environ)
    if result != 0 { throw SystemError(errno: result, operation: "start \(arguments[0])") }
    self.pid = pid
    output = mine
  }

  deinit {
    end()
  }

  /// Waits until it has written something.
  func waitForOutput() throws -> String {
    String(decoding: try output.read(upTo: 4096), as: UTF8.self)
  }

  /// Waits until it has stopped.
  func waitUntilStopped() {
    var status: Int32 = 0
    while waitpid(pid, &status, WUNTRACED) < 0 && errno == EINTR {}
  }

  /// Kills and reaps it.
  func end() {
    if isReaped { return }
    isReaped = true
    _ = kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }
}

/// Perl is on every Debian system and can do what the shell cannot.
let hasPerl = Files.exists("/usr/bin/perl")
