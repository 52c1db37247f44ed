import Logging
import ServiceLifecycle

/// A service that can be told to stop, as a signal would.
struct RunningGroup: Sendable {
  private let group: ServiceGroup

  init(_ service: any Service) {
    group = ServiceGroup(configuration: .init(services: [service], logger: Logger(label: "test")))
  }

  func run() async throws { try await group.run() }

  func stop() async { await group.triggerGracefulShutdown() }
}
