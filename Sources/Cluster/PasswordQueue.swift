internal import Dispatch

/// Work that takes a tenth of a second and 64 MiB each: one after the other, off the threads that
/// answer everybody else.
struct PasswordQueue: Sendable {
  private let queue = DispatchQueue(label: "holdfast.passwords")

  func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { waiting in
      queue.async { waiting.resume(returning: work()) }
    }
  }
}
