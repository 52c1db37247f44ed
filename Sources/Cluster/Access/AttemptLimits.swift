package import AgentToken
internal import Synchronization

/// Counts failures of those who may be guessing, by source and by what they guess at, so that they are
/// slowed down and nobody else is. In memory, and of bounded size.
package final class AttemptLimits: Sendable {
  /// So many failures are free; each one more doubles the wait, up to `longest`.
  private static let free = 5
  private static let longest: Int64 = 300
  /// A source that was quiet for so long is forgotten, in seconds.
  private static let memory: Int64 = 900
  private static let most = 20_000

  private struct Failures {
    var count = 0
    var last: Int64 = 0
  }

  private let failures = Mutex<[String: Failures]>([:])

  package init() {}

  /// - Parameter keys: what the attempt counts towards, such as `login:10.0.0.1`.
  /// - Throws: `too_many_requests`, whose message says for how long.
  package func check(_ keys: [String], at now: Int64) throws(Refusal) {
    let wait = failures.withLock { failures in
      keys.compactMap { failures[$0] }.map { Self.wait(after: $0) - now }.max() ?? 0
    }
    guard wait > 0 else { return }
    throw Refusal(
      .tooMany, "Too many attempts failed; the next one is looked at in \(wait) s.",
      hint: "Wait, then try again.")
  }

  package func fail(_ keys: [String], at now: Int64) {
    failures.withLock { failures in
      if failures.count > Self.most {
        failures = failures.filter { now - $0.value.last < Self.memory }
        // A flood from more sources than that: begin anew, rather than grow.
        if failures.count > Self.most { failures = [:] }
      }
      for key in keys {
        var entry = failures[key] ?? Failures()
        if now - entry.last >= Self.memory { entry.count = 0 }
        entry.count += 1
        entry.last = now
        failures[key] = entry
      }
    }
  }

  package func succeed(_ keys: [String]) {
    failures.withLock { failures in for key in keys { failures[key] = nil } }
  }

  /// When the next attempt is looked at.
  private static func wait(after entry: Failures) -> Int64 {
    guard entry.count >= free else { return 0 }
    return entry.last + min(longest, 1 << Int64(min(entry.count - free, 16)))
  }
}
