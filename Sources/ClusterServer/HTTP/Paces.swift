internal import Linux
internal import Synchronization

/// What is slowed for a source that asks for it often, whether it succeeds or not: what costs the
/// server more than whoever asks.
enum Pace: Int, Sendable, CaseIterable {
  /// People who log in: Argon2id.
  case login
  /// Programs that get an access token.
  case grant
  /// Hosts that enrol: signatures.
  case enrolment

  /// How many at once, and then how many a minute.
  var allowance: (burst: Int64, perMinute: Int64) {
    switch self {
    case .login: (10, 30)
    case .grant: (60, 240)
    case .enrolment: (120, 600)
    }
  }
}

/// A bucket of tokens for every source and pace. In memory, and of bounded size.
final class Paces: Sendable {
  private struct Key: Hashable {
    let pace: Pace
    let source: String
  }

  /// When the bucket would be full again, in microseconds.
  private let fullAt = Mutex<[Key: UInt64]>([:])
  private static let most = 50_000

  /// - Returns: nil, or after how many seconds there is room again.
  func take(
    _ pace: Pace, _ source: String, at now: UInt64 = Clock.monotonicMicroseconds()
  ) -> Int64? {
    let (burst, perMinute) = pace.allowance
    let each = UInt64(60_000_000 / perMinute)
    return fullAt.withLock { buckets in
      if buckets.count >= Self.most {
        buckets = buckets.filter { $0.value > now }
        // A flood from more sources than that: begin anew, rather than grow.
        if buckets.count >= Self.most { buckets = [:] }
      }
      let key = Key(pace: pace, source: source)
      let full = max(buckets[key] ?? now, now) + each
      let excess = Int64(full - now) - burst * Int64(each)
      guard excess <= 0 else { return (excess + 999_999) / 1_000_000 }
      buckets[key] = full
      return nil
    }
  }
}
