internal import Synchronization

/// Counts connections, in all and by who they are from.
final class ConnectionLimits: Sendable {
  private struct Counts {
    var all = 0
    var byKey: [String: Int] = [:]
  }

  private let limits: ServerLimits
  private let counts = Mutex(Counts())

  init(_ limits: ServerLimits) { self.limits = limits }

  var count: Int { counts.withLock { $0.all } }

  /// Takes a place for a connection; false where there is none.
  func enter(_ source: String) -> Bool {
    counts.withLock { counts in
      guard counts.all < limits.connections, counts.byKey[source, default: 0] < limits.perSource
      else { return false }
      counts.all += 1
      counts.byKey[source, default: 0] += 1
      return true
    }
  }

  /// Counts a connection that showed a certificate by that, not by its source: thousands of agents may
  /// sit behind one address.
  func move(_ source: String, to agent: String) -> Bool {
    counts.withLock { counts in
      guard counts.byKey[agent, default: 0] < limits.perAgent else { return false }
      Self.release(source, &counts)
      counts.byKey[agent, default: 0] += 1
      return true
    }
  }

  func leave(_ key: String) {
    counts.withLock { counts in
      counts.all -= 1
      Self.release(key, &counts)
    }
  }

  private static func release(_ key: String, _ counts: inout Counts) {
    guard let count = counts.byKey[key] else { return }
    counts.byKey[key] = count > 1 ? count - 1 : nil
  }
}
