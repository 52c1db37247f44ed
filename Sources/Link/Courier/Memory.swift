internal import AgentToken
internal import Linux
internal import Synchronization

/// What the cluster, and the host, was told already, over all connections.
final class Memory: Sendable {
  /// How often holdfastd is asked for a diagnosis, at most: seconds.
  private static let doctorInterval: Int64 = 300

  private let state = Mutex<(asked: Int64?, reported: [UInt8]?)>((nil, nil))

  /// Whether it is time for a diagnosis, which is then taken as asked for.
  func isDoctorDue() -> Bool {
    let now = Clock.boottimeSeconds()
    return state.withLock { state in
      if let asked = state.asked, now - asked < Self.doctorInterval { return false }
      state.asked = now
      return true
    }
  }

  func hasReported(_ hash: [UInt8]) -> Bool { state.withLock { $0.reported == hash } }

  func reported(_ hash: [UInt8]) { state.withLock { $0.reported = hash } }

  // MARK: Artefacts

  /// How long what was refused is not handed over again: seconds.
  private static let refusalInterval: Int64 = 900

  private let refused = Mutex<[ArtefactType: (hash: [UInt8], at: Int64)]>([:])

  /// Whether holdfastd has refused just that, and nothing has changed since.
  func isRefused(_ type: ArtefactType, _ jws: String) -> Bool {
    let (hash, now) = (SHA256Hash.of(Array(jws.utf8)), Clock.boottimeSeconds())
    return refused.withLock {
      $0[type].map { $0.hash == hash && now - $0.at < Self.refusalInterval } ?? false
    }
  }

  func wasRefused(_ type: ArtefactType, _ jws: String) {
    let (hash, now) = (SHA256Hash.of(Array(jws.utf8)), Clock.boottimeSeconds())
    refused.withLock { $0[type] = (hash, now) }
  }

  /// What was refused may be taken after something else was: a profile after the bundle with its key.
  func wasTaken() { refused.withLock { $0 = [:] } }
}
