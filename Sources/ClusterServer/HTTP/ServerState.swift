internal import Synchronization

/// What the requests of one server share.
final class ServerState: Sendable {
  let limits: ServerLimits
  let connections: ConnectionLimits
  let paces = Paces()
  let metrics = Metrics()
  /// The description of the API, as it is served.
  let openAPI: [UInt8]
  private let stopping = Atomic<Bool>(false)
  private let inWork = Atomic<Int>(0)

  init(limits: ServerLimits, openAPI: [UInt8]) {
    self.limits = limits
    self.openAPI = openAPI
    connections = ConnectionLimits(limits)
  }

  /// Takes a place for a request; false where there is none.
  func begin() -> Bool {
    guard inWork.add(1, ordering: .relaxed).newValue <= limits.inWork else {
      inWork.subtract(1, ordering: .relaxed)
      return false
    }
    return true
  }

  func end() { inWork.subtract(1, ordering: .relaxed) }

  /// Whether nothing new is begun.
  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  func stop() { stopping.store(true, ordering: .relaxed) }

  var requestsInWork: Int { inWork.load(ordering: .relaxed) }
}
