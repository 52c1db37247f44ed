internal import LinkMessages

/// How long to wait before the next connection: exponential backoff with full jitter, so that hosts
/// which lost their cluster together do not come back together.
package struct Reconnection: Sendable, Equatable {
  /// How a connection ended.
  package enum Ending: Sendable, Equatable {
    /// It broke, or there was none.
    case lost
    /// The cluster, or the host, does not want it.
    case refused
    /// The cluster said when to come back: seconds.
    case bye(after: Int64)
  }

  /// Milliseconds.
  package static let first: Int64 = 1_000
  package static let longest: Int64 = LinkLimits.longestWait * 1_000
  /// A connection that lasted so long was a good one.
  package static let good: Int64 = 60_000
  /// Who was refused is not wanted a second later either.
  private static let failuresOfRefused = 6

  private var failures = 0

  package init() {}

  /// - Parameters:
  ///   - lasted: milliseconds from the cluster's first word to the end; 0 where there was none.
  ///   - jitter: a random number from 0 to 1.
  /// - Returns: milliseconds.
  package mutating func wait(after ending: Ending, lasted: Int64, jitter: Double) -> Int64 {
    if lasted >= Self.good { failures = 0 }
    switch ending {
    case .bye(let seconds):
      failures = 0
      let least = min(max(seconds, 0), 3600) * 1_000
      return least + part(of: max(Self.first, least / 2), jitter)
    case .refused: failures = max(failures, Self.failuresOfRefused)
    case .lost: break
    }
    let ceiling = min(Self.first << min(failures, 16), Self.longest)
    failures += 1
    return part(of: ceiling, jitter)
  }

  private func part(of ceiling: Int64, _ jitter: Double) -> Int64 {
    Int64(Double(ceiling) * min(max(jitter, 0), 1))
  }
}
