import Foundation

/// A command on this machine, waited for: what is timed, and what needs its signals.
enum Command {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a program of /usr/bin and returns what it printed, standard error left out.
  @discardableResult
  static func output(of words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/\(words[0])")
    process.arguments = Array(words.dropFirst())
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try start(process)
    try pipe.fileHandleForWriting.close()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    ended.wait()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(words.joined(separator: " ")) failed")
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Starts a program that can be reached by signals: a child has the signal mask of the thread
  /// that made it, and the threads that tasks run on block everything. `openssl speed` would wait
  /// for its SIGALRM for ever.
  static func start(_ process: Process) throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }
}
