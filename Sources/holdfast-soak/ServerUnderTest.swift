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
    self.program = program ?? Self.beside("holdfast-cluster")
    directory = "/tmp/holdfast-soak.\(Hex.encode(Random.bytes(4)))"
    // Its own each time, so that two may run at once.
    port = 20_000 + Int(Random.bytes(2).reduce(0) { $0 << 8 | Int($1) } % 20_000)
    try Files.makeDirectory(directory, mode: 0o700, parents: false)
    // SQLite, its log and what the system keeps of both are on a disk; nothing else here is.
    _ = FileManager.default.createFile(atPath: logPath, contents: nil)
  }

  /// A program that was built together with this one.
  static func beside(_ name: String) -> String {
    URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent(name).path
  }

  var address: String { "https://127.0.0.1:\(port)" }
  var data: String { "\(directory)/data" }
  private var logPath: String { "\(directory)/log" }

  var processID: Int32 { process?.processIdentifier ?? 0 }

  /// Starts it; the caller waits until it answers.
  func start() throws {
    process = try Self.start(
      program, ["serve", "--data", data, "--listen", "0.0.0.0:\(port)", "--cluster", "soak"],
      log: logPath)
  }

  static func start(_ program: String, _ arguments: [String], log path: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    // Several write to it at once.
    let log = FileHandle(
      fileDescriptor: open(path, O_WRONLY | O_APPEND | O_CLOEXEC), closeOnDealloc: true)
    process.standardOutput = log
    process.standardError = log
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// As the kernel does it when memory runs out, or an operator in a hurry.
  func kill() {
    guard let process else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  /// As systemd stops it.
  func stop() {
    process?.terminate()
    process?.waitUntilExit()
    process = nil
  }

  func end(keep: Bool) {
    stop()
    if keep { print("Kept: \(directory)") } else { try? Files.removeTree(directory) }
  }

  /// Runs another command of the server's program.
  func run(_ arguments: [String]) throws {
    let process = try Self.start(program, arguments, log: logPath)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SoakFailure("\(arguments.joined(separator: " ")) failed: see \(logPath)")
    }
  }

  /// The password that its first words say.
  func firstPassword() throws -> String { try said("password  ") { $0.contains("password  ") } }

  /// What seals the root key.
  func passphrase() throws -> String {
    var isNext = false
    return try said("passphrase") { line in
      defer { isNext = line.contains("this passphrase") }
      return isNext
    }
  }

  /// The last word of the first line that is as asked for.
  private func said(_ what: String, _ isIt: (Substring) -> Bool) throws -> String {
    let text = try Files.text(logPath)
    guard let line = text.split(separator: "\n").first(where: isIt),
      let word = line.split(separator: " ").last
    else { throw SoakFailure("the server did not say its first \(what): \(text)") }
    return String(word)
  }

  /// Its proportional set size in bytes: what it takes of the machine's memory.
  func memory() throws -> Int64 { try Self.memory(of: processID) }

  static func memory(of process: Int32) throws -> Int64 {
    let text = try Files.text("/proc/\(process)/smaps_rollup")
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
      let number = line.split(separator: " ").dropFirst().first.flatMap({ Int64($0) })
    else { throw SoakFailure("the memory of \(process) cannot be read") }
    return number << 10
  }

  /// Processor time that it has taken so far, in seconds.
  func processorTime() throws -> Double {
    let text = try Files.text("/proc/\(processID)/stat")
    let fields = text.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) }
    guard let fields, fields.count > 12 else { throw SoakFailure("no processor time: \(text)") }
    // Without the state, utime and stime are the 11th and 12th number behind the name.
    return (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Bytes on disk of the database and its log.
  func stored() -> Int64 {
    ["", "-wal"].reduce(0) { sum, end in
      sum + ((try? Files.status("\(data)/cluster.sqlite\(end)"))??.size ?? 0)
    }
  }

  func openFiles() -> Int { (try? Files.list("/proc/\(processID)/fd").count) ?? 0 }
}

struct SoakFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
