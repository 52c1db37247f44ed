import AgentToken
import Foundation
import JSON
import Link
import Linux
import NIOCore
import NIOPosix

/// `holdfast-cluster serve` on a data directory of its own, which can be killed and started again.
final class ServerUnderTest {
  let port: Int
  let directory: String
  private let program: String
  private var process: Process?

  init(program: String?) throws {
    self.program =
      program
      ?? URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("holdfast-cluster").path
    directory = "/tmp/holdfast-soak.\(Hex.encode(Random.bytes(4)))"
    // Its own each time, so that two may run at once.
    port = 20_000 + Int(Random.bytes(2).reduce(0) { $0 << 8 | Int($1) } % 20_000)
    try Files.makeDirectory(directory, mode: 0o700, parents: false)
    // SQLite, its log and what the system keeps of both are on a disk; nothing else here is.
    _ = FileManager.default.createFile(atPath: logPath, contents: nil)
  }

  var address: String { "https://127.0.0.1:\(port)" }
  private var logPath: String { "\(directory)/log" }

  var processID: Int32 { process?.processIdentifier ?? 0 }

  /// Starts it; the caller waits until it answers.
  func start() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "serve", "--data", "\(directory)/data", "--listen", "0.0.0.0:\(port)", "--cluster", "soak",
    ]
    let log = FileHandle(forWritingAtPath: logPath)
    log?.seekToEndOfFile()
    process.standardOutput = log
    process.standardError = log
    process.standardInput = FileHandle.nullDevice
    try process.run()
    self.process = process
  }

  /// As the kernel does it when memory runs out, or an operator in a hurry.
  func kill() {
    guard let process else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  func end(keep: Bool) async {
    process?.terminate()
    process?.waitUntilExit()
    process = nil
    if keep { print("Kept: \(directory)") } else { try? Files.removeTree(directory) }
  }

  /// The password that its first words say.
  func firstPassword() throws -> String {
    let text = try Files.text(logPath)
    guard let line = text.split(separator: "\n").first(where: { $0.contains("password  ") }),
      let word = line.split(separator: " ").last
    else { throw SoakFailure("the server did not say its first password: \(text)") }
    return String(word)
  }

  /// Its proportional set size in bytes: what it takes of the machine's memory.
  func memory() throws -> Int64 {
    let text = try Files.text("/proc/\(processID)/smaps_rollup")
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
      let number = line.split(separator: " ").dropFirst().first.flatMap({ Int64($0) })
    else { throw SoakFailure("the server's memory cannot be read") }
    return number << 10
  }
}

struct SoakFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
