/// Rung by many, listened to by one: what rings while that one is busy is one ring.
struct Bell: Sendable {
  /// Ends when the task that listens is cancelled.
  let rings: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func ring() { continuation.yield() }
}
