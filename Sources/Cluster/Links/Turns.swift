internal import AgentToken
internal import Synchronization

/// Lets one after the other do something that takes more than a lock.
final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func take<Result: Sendable>(
    _ body: @Sendable () async throws(Refusal) -> Result
  ) async throws(Refusal) -> Result {
    await withCheckedContinuation { waiting in
      let isFree = state.withLock { state in
        if state.isTaken {
          state.waiting.append(waiting)
          return false
        }
        state.isTaken = true
        return true
      }
      if isFree { waiting.resume() }
    }
    defer { pass() }
    return try await body()
  }

  private func pass() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
