import Foundation
import TestSupport

/// Counts how often a process waits for the disk, with strace(1).
struct SyncCounter {
  private static let calls = "fsync,fdatasync,sync,syncfs,sync_file_range,msync"
  private let process: Process
  private let output: String

  /// Starts to count; nil where strace is missing, or may not trace.
  static func attached(to pid: Int32) async throws -> SyncCounter? {
    let strace = "/usr/bin/strace"
    guard FileManager.default.isExecutableFile(atPath: strace) else { return nil }
    let process = Process()
    let output = FileManager.default.temporaryDirectory
      .appendingPathComponent("holdfast-syncs-\(UUID().uuidString)").path
    process.executableURL = URL(fileURLWithPath: strace)
    process.arguments = ["-f", "-e", "trace=\(calls)", "-o", output, "-p", "\(pid)"]
    process.standardError = FileHandle.nullDevice
    try Command.start(process)
    let counter = SyncCounter(process: process, output: output)
    for _ in 0..<500 where process.isRunning {
      let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
      if status.contains("TracerPid:\t\(process.processIdentifier)\n") { return counter }
      try await Task.sleep(for: .milliseconds(10))
    }
    _ = try await counter.count()
    return nil
  }

  /// Stops counting, and leaves the process alone again.
  func count() async throws -> Int {
    kill(process.processIdentifier, SIGINT)
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      try? FileManager.default.removeItem(atPath: output)
    }
    for _ in 0..<500 where process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { $0.contains("sync") && $0.contains("(") }.count
  }
}
