internal import Synchronization

/// Counters of what happened since the server started.
final class Metrics: Sendable {
  /// What is counted besides requests.
  enum Event: String, Sendable, CaseIterable {
    case loginsFailed = "holdfast_logins_failed"
    case ledgerRecords = "holdfast_ledger_records"
    case tokensIssued = "holdfast_agent_tokens_issued"
    case enrolments = "holdfast_enrolments"

    var help: String {
      switch self {
      case .loginsFailed: "Logins and client credentials that were wrong."
      case .ledgerRecords: "Records of agents' ledgers that were kept."
      case .tokensIssued: "Agent tokens that were issued."
      case .enrolments: "Agents that were enrolled."
      }
    }
  }

  struct Request: Hashable, Sendable {
    let endpoint: String
    let status: Int
  }

  struct Counts: Sendable {
    var requests: [Request: (count: Int, microseconds: UInt64)] = [:]
    var events: [Event: Int] = [:]
  }

  private let counts = Mutex(Counts())

  func count(_ event: Event, by number: Int = 1) {
    counts.withLock { $0.events[event, default: 0] += number }
  }

  func count(_ endpoint: String, status: Int, microseconds: UInt64) {
    counts.withLock { counts in
      let old = counts.requests[Request(endpoint: endpoint, status: status)] ?? (0, 0)
      counts.requests[Request(endpoint: endpoint, status: status)] =
        (old.count + 1, old.microseconds + microseconds)
    }
  }

  var now: Counts { counts.withLock { $0 } }
}
