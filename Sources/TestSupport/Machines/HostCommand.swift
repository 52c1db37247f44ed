import Foundation

/// What a command printed, standard output and error as they came, and how it ended.
package struct CommandOutput: Sendable, CustomStringConvertible {
  package let status: Int32
  package let text: String

  package var succeeded: Bool { status == 0 }

  /// The text without the newline at its end.
  package var line: String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

  package var description: String { "exit status \(status)\n\(text)" }
}

/// A command on the machine that the tests run on: bounded in time, never blocking a thread of
/// the tests.
package enum HostCommand {
  package struct TimedOut: Error, CustomStringConvertible {
    let command: [String]
    let seconds: Int
    let output: String
    package var description: String {
      "not done after \(seconds) s: \(command.joined(separator: " "))\n\(output)"
    }
  }

  /// Runs COMMAND, found along PATH. It is killed, with its children, after `seconds`.
  package static func run(
    _ command: [String], input: String? = nil, seconds: Int = 60
  ) async throws -> CommandOutput {
    // Files, not pipes: nothing to drain, and a child that lives on holds nobody up.
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("holdfast-command-\(UUID().uuidString)")
    try Data().write(to: scratch)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let output = try FileHandle(forWritingTo: scratch)
    defer { try? output.close() }

    let source = try input.map(Self.fileHandle(holding:)) ?? FileHandle.nullDevice
    let start = ContinuousClock.now
    let child = try ChildProcess(
      ["timeout", "--kill-after=2", "\(seconds)"] + command,
      input: source.fileDescriptor, output: output.fileDescriptor, error: output.fileDescriptor)
    let status = await child.status()
    let bytes = try Data(contentsOf: scratch)
    let text = String(decoding: bytes, as: UTF8.self)
    // timeout(1): 124, or 137 where it had to kill. A command may end that way by itself.
    if status == 124 || status == 137, start.duration(to: .now) >= .seconds(seconds) {
      throw TimedOut(command: command, seconds: seconds, output: text)
    }
    return CommandOutput(status: status, text: text)
  }

  /// A file, already deleted, that holds TEXT.
  private static func fileHandle(holding text: String) throws -> FileHandle {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("holdfast-input-\(UUID().uuidString)")
    try Data(text.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try FileHandle(forReadingFrom: path)
  }
}
