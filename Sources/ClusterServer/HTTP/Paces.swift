internal import Linux
internal import Synchronization

/// What is slowed for a source, or an agent, that asks for it often, whether it succeeds or not: what
/// costs the server more than whoever asks.
enum Pace: Int, Sendable, CaseIterable {
  /// People who log in: Argon2id.
  case login
  /// Programs that get an access token.
  case grant
  /// Hosts that enrol: signatures.
  case enrolment
  /// An agent's reports, bundles and renewals: alarms and audit may come of each.
  case report
  /// Records of an agent's ledger, in KiB: they are kept.
  case ledger

  /// How many at once, and then how many a minute.
  func allowance(_ limits: ServerLimits) -> (burst: Int64, perMinute: Int64) {
    switch self {
    case .login: (10, 30)
    case .grant: (60, 240)
    case .enrolment: (120, 600)
    case .report: (60, 20)
    case .ledger: limits.ledger
    }
  }

  /// What a request takes of the allowance.
  func cost(of body: [UInt8]) -> Int64 {
    guard self == .ledger else { return 1 }
    let records = body.count { $0 == UInt8(ascii: "\n") }
    return Int64((body.count + records * Self.perRecord) >> 10) + 1
  }

  /// Bytes that the database takes for a record beside its text.
  private static let perRecord = 128
}

/// A bucket of tokens for every source, or agent, and pace. In memory, and of bounded size.
final class Paces: Sendable {
  private struct Key: Hashable {
    let pace: Pace
    let source: String
  }

  private let limits: ServerLimits
  /// When the bucket would be full again, in microseconds.
  private let fullAt = Mutex<[Key: UInt64]>([:])
  private static let most = 50_000

  init(_ limits: ServerLimits) { self.limits = limits }

  /// - Returns: nil, or after how many seconds there is room again.
  func take(
    _ pace: Pace, _ source: String, cost: Int64 = 1, at now: UInt64 = Clock.monotonicMicroseconds()
  ) -> Int64? {
    let (burst, perMinute) = pace.allowance(limits)
    let each = UInt64(60_000_000 / perMinute)
    return fullAt.withLock { buckets in
      if buckets.count >= Self.most {
        buckets = buckets.filter { $0.value > now }
        // A flood from more sources than that: begin anew, rather than grow.
        if buckets.count >= Self.most { buckets = [:] }
      }
      let key = Key(pace: pace, source: source)
      let full = max(buckets[key] ?? now, now) + each * UInt64(cost)
      let excess = Int64(full - now) - burst * Int64(each)
      guard excess <= 0 else { return (excess + 999_999) / 1_000_000 }
      buckets[key] = full
      return nil
    }
  }
}
