import Foundation
import Synchronization
import TestSupport

/// The throw-away kind; Linux has facts about this machine under the same name.
typealias Machine = TestSupport.Machine

/// One run of the bench, which Ctrl-C or the end of its time cuts short: the machine is taken down
/// then, and whatever waited for it fails.
final class Session: Sendable {
  struct Stopped: Error, CustomStringConvertible {
    let description: String
    /// The program's exit status.
    let status: Int32
  }

  private struct State {
    var stopped: Stopped?
    var machine: Machine?
    var ending: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// Throws once the run was cut short.
  func check() throws {
    if let stopped { throw stopped }
  }

  /// Why the run was cut short, if so.
  var stopped: Stopped? { state.withLock { $0.stopped } }

  /// Makes a machine and boots it; `end` takes it down.
  func boot() async throws -> Machine {
    try check()
    let machine = try await Machine()
    state.withLock { $0.machine = machine }
    try check()
    try await machine.boot()
    return machine
  }

  /// Cuts the run short.
  func stop(_ why: Stopped) async {
    state.withLock { $0.stopped = $0.stopped ?? why }
    await end()
  }

  /// Takes the machine down, if there is one; returns when nothing is left of it.
  func end() async {
    let ending = state.withLock { state in
      if state.ending == nil, let machine = state.machine {
        state.machine = nil
        state.ending = Task { await machine.end() }
      }
      return state.ending
    }
    await ending?.value
  }

  /// Says on standard error what is going on: a bench is silent for long otherwise.
  func say(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data("bench: \(text)\n".utf8))
  }
}
