import Foundation
import Synchronization

/// The process that holds a machine (Tests/machines/machine.sh, or vm.sh for one with a kernel of its own): takes commands, answers in lines,
/// and takes the machine down with everything it left when its standard input ends, which also
/// happens when this process dies.
final class MachineHolder: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let input: FileHandle
  private let process: ChildProcess
  private let lines: LineQueue
  private let ended = Mutex(false)

  /// Starts the holder of a machine in DIRECTORY, which must not exist yet.
  init(
    script: String = "machine.sh", image: String, directory: String, options: [String] = []
  ) throws {
    let toHolder = try ChildProcess.pipe()
    let fromHolder = try ChildProcess.pipe()
    process = try ChildProcess(
      ["bash", Checkout.top + "/Tests/machines/" + script, image, directory] + options,
      input: toHolder.reading.fileDescriptor, output: fromHolder.writing.fileDescriptor,
      error: FileHandle.standardError.fileDescriptor)
    input = toHolder.writing
    lines = LineQueue(reading: fromHolder.reading)
  }

  deinit {
    try? input.close()
  }

  func send(_ command: String) throws {
    try input.write(contentsOf: Data((command + "\n").utf8))
  }

  /// The next line that starts with one of PREFIXES; others are dropped.
  func answer(_ prefixes: String..., seconds: Double) async throws -> String {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      while let line = lines.next() {
        if prefixes.contains(where: line.hasPrefix) { return line }
      }
      if lines.isAtEnd { throw Failure(description: "the machine's holder ended") }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw Failure(description: "the machine's holder does not answer")
  }

  /// Takes the machine down, and returns when nothing of it is left. Only the first call does.
  func end() async {
    let isFirst = ended.withLock { ended in
      defer { ended = true }
      return !ended
    }
    guard isFirst else { return }
    try? input.close()
    _ = await process.status()
  }
}

/// Lines that a thread of its own reads, waiting to be taken.
private final class LineQueue: Sendable {
  private struct State {
    var lines: [String] = []
    var ended = false
  }

  private let state = Mutex(State())

  init(reading handle: FileHandle) {
    let thread = Thread { [self] in
      var rest: [UInt8] = []
      while true {
        let bytes = handle.availableData
        if bytes.isEmpty { break }
        rest += bytes
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
          let line = String(decoding: rest[..<newline], as: UTF8.self)
          rest.removeSubrange(...newline)
          state.withLock { $0.lines.append(line) }
        }
      }
      state.withLock { $0.ended = true }
    }
    thread.start()
  }

  func next() -> String? {
    state.withLock { $0.lines.isEmpty ? nil : $0.lines.removeFirst() }
  }

  var isAtEnd: Bool {
    state.withLock { $0.ended && $0.lines.isEmpty }
  }
}
