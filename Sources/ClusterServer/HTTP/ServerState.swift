internal import AgentToken
internal import Synchronization

/// What the requests of one server share.
final class ServerState: Sendable {
  let limits: ServerLimits
  let connections: ConnectionLimits
  let paces: Paces
  let metrics = Metrics()
  /// The description of the API, as it is served.
  let openAPI: [UInt8]
  private let stopping = Atomic<Bool>(false)
  private let inWork = Atomic<Int>(0)

  init(limits: ServerLimits, openAPI: [UInt8]) {
    self.limits = limits
    self.openAPI = openAPI
    connections = ConnectionLimits(limits)
    paces = Paces(limits)
  }

  /// Takes a place for a request.
  ///
  /// - Throws: `busy` where there is none.
  func begin() throws(Refusal) {
    guard inWork.add(1, ordering: .relaxed).newValue <= limits.inWork else {
      inWork.subtract(1, ordering: .relaxed)
      throw .allInWork
    }
  }

  /// - Throws: `busy` where there is no place now.
  func requireRoom() throws(Refusal) {
    guard requestsInWork < limits.inWork else { throw .allInWork }
  }

  func end() { inWork.subtract(1, ordering: .relaxed) }

  /// Whether nothing new is begun.
  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  func stop() { stopping.store(true, ordering: .relaxed) }

  var requestsInWork: Int { inWork.load(ordering: .relaxed) }
}

extension Refusal {
  fileprivate static let allInWork = Refusal(
    .busy, "The server is answering as many requests as it takes.")
}
