import Cluster
import Foundation
import JSON
import Linux
import Testing

/// The built `holdfast-cluster`, with a home directory of its own that is thrown away.
struct ClusterCommand {
  let home: String
  /// Beside the tests.
  private let program: String

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// The one line of `--json`.
    var json: JSON { (try? JSON.parse(Array(output.utf8))) ?? .null }
    var code: String? { json["error"]?["code"]?.string }
  }

  static func use(_ body: (ClusterCommand) async throws -> Void) async throws {
    let program = try #require(
      tests.map { Files.directory(of: $0) + "/holdfast-cluster" }.first(where: Files.exists),
      "no holdfast-cluster beside the tests")
    let home = "/tmp/holdfast-command-test-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(home, mode: 0o700)
    defer { try? Files.removeTree(home) }
    try await body(ClusterCommand(home: home, program: program))
  }

  /// This program, or where a helper runs the tests, what is named to it.
  private static var tests: [String] {
    let named = zip(CommandLine.arguments, CommandLine.arguments.dropFirst())
      .filter { $0.0 == "--test-bundle-path" }.map(\.1)
    return named + [(try? Files.readLink("/proc/self/exe")) ?? ""]
  }

  func callAsFunction(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await run(arguments, input: input, environment: environment)
  }

  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ["HOME": home, "TZ": "UTC"].merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: home)
    let (typed, printed, said) = (Pipe(), Pipe(), Pipe())
    process.standardInput = typed
    process.standardOutput = printed
    process.standardError = said
    try process.run()
    try typed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try typed.fileHandleForWriting.close()
    // Off the cooperative pool, for it blocks; what it says fits into a pipe.
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let output = printed.fileHandleForReading.readDataToEndOfFile()
        let errors = said.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        continuation.resume(
          returning: Outcome(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self)))
      }
    }
  }

  func write(_ text: String, to name: String) throws {
    try Files.writeAtomically("\(home)/\(name)", Array(text.utf8))
  }

  func read(_ name: String) throws -> String { try Files.text("\(home)/\(name)") }

  /// Logs the first administrator in.
  func logIn(_ server: LiveServer) async throws {
    let outcome = try await self(
      "login", "--cluster", server.base, "--fingerprint=\(server.plane.authority.fingerprint)",
      "--password-file", "-", server.administrator.name, input: server.administrator.password)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }
}
