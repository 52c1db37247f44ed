internal import AgentToken
internal import Dispatch
internal import Synchronization

/// Work that takes a tenth of a second and 64 MiB each: one after the other, off the threads that
/// answer everybody else.
final class PasswordQueue: Sendable {
  /// How many may wait: what comes from more sources than that is told at once, not in a minute.
  private static let most = 64

  private let queue = DispatchQueue(label: "holdfast.passwords")
  private let waiting = Mutex(0)

  /// - Throws: `busy` where too many wait already.
  func run<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result
  ) async throws(Refusal) -> Result {
    let hasRoom = waiting.withLock { waiting in
      guard waiting < Self.most else { return false }
      waiting += 1
      return true
    }
    guard hasRoom else {
      throw Refusal(
        .busy, "Too many passwords wait to be looked at.", hint: "Try again in a few seconds.")
    }
    let result = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
    waiting.withLock { $0 -= 1 }
    return result
  }
}
