internal import AgentToken
internal import Cluster
internal import LinkMessages
internal import Linux
internal import Logging
internal import ServiceLifecycle

/// What is due from time to time: a word to each agent, so that networks keep its connection; what the
/// control plane does every minute. At the end it says goodbye.
struct Housekeeping: Service {
  let plane: ControlPlane
  let state: ServerState
  let logger: Logger

  /// Within so many seconds of its start agents come back that were waiting for the server.
  private static let returning = 2 * LinkLimits.longestWait

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var passed: Int64 = 0
      while true {
        try await Task.sleep(for: .seconds(5))
        passed += 5
        if passed % LinkLimits.heartbeat == 0 { plane.hub.beat() }
        if passed % 60 == 0 {
          await plane.sweep(isJustStarted: passed < Self.returning)
          for trouble in plane.hub.takeTroubles() { logger.error("\(trouble)") }
          // Handshakes leave much behind that the allocator would keep.
          if state.requestsInWork == 0 { ResidentCode.release() }
        }
      }
    }
    state.stop()
    // Not all at once, and not before there can be a server again.
    plane.hub.closeAll(reason: "stopping", after: 5, at: plane.now())
  }
}
