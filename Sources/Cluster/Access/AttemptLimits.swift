package import AgentToken
internal import Linux
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

  private struct State {
    var failures: [String: Failures] = [:]
    /// Where names have logged in from, and when.
    var known: [String: Int64] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// - Parameter keys: what the attempt counts towards, such as `login:10.0.0.1`.
  /// - Throws: `too_many_requests`, whose message says for how long.
  package func check(_ keys: [String], at now: Int64) throws(Refusal) {
    try Self.refuse(waiting: state.withLock { Self.wait(for: keys, $0, at: now) })
  }

  /// As `check`; and the attempt counts as failed until it succeeds, so that many at once are no more
  /// than many after each other.
  package func begin(_ keys: [String], at now: Int64) throws(Refusal) {
    try Self.refuse(
      waiting: state.withLock { state in
        let wait = Self.wait(for: keys, state, at: now)
        if wait <= 0 { Self.count(keys, &state, at: now) }
        return wait
      })
  }

  package func fail(_ keys: [String], at now: Int64) {
    state.withLock { Self.count(keys, &$0, at: now) }
  }

  /// Takes back what `begin` counted; what failed before stays counted, or whoever has one password
  /// could guess others for ever.
  package func succeed(_ keys: [String]) {
    state.withLock { state in
      for key in keys {
        guard let count = state.failures[key]?.count else { continue }
        state.failures[key]?.count = count - 1
        if count <= 1 { state.failures[key] = nil }
      }
    }
  }

  // MARK: Names

  /// What an attempt to log in counts towards: its source, and its name. A name that has logged in
  /// from there before is counted apart from what others try with it, or anybody could keep anybody
  /// out.
  package func keys(forName name: String, from source: String) -> [String] {
    let network = Self.network(of: source)
    let name = String(name.prefix(64))
    let isKnown = state.withLock { $0.known["\(network) \(name)"] != nil }
    return ["login:\(network)", isKnown ? "name:\(name) \(network)" : "name:\(name)"]
  }

  package func remember(name: String, from source: String, at now: Int64) {
    state.withLock { state in
      if state.known.count >= Self.most {
        let median = state.known.values.sorted()[state.known.count / 2]
        state.known = state.known.filter { $0.value > median }
      }
      state.known["\(Self.network(of: source)) \(name)"] = now
    }
  }

  /// Who counts as one source: an address, and of IPv6 the network that one customer is given
  /// (RFC 6177).
  package static func network(of source: String) -> String {
    guard let bytes = IPAddress.bytes(of: source), bytes.count == 16 else {
      return String(source.prefix(64))
    }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
    if bytes.starts(with: mapped) {
      return bytes[12...].map { String($0) }.joined(separator: ".")
    }
    return Hex.encode(bytes[..<8])
  }

  // MARK: -

  private static func refuse(waiting wait: Int64) throws(Refusal) {
    guard wait > 0 else { return }
    throw Refusal(
      .tooMany, "Too many attempts failed; the next one is looked at in \(wait) s.",
      hint: "Wait, then try again.")
  }

  private static func count(_ keys: [String], _ state: inout State, at now: Int64) {
    if state.failures.count > most { forget(&state, at: now) }
    for key in keys {
      var entry = state.failures[key] ?? Failures()
      if now - entry.last >= memory { entry.count = 0 }
      entry.count += 1
      entry.last = now
      state.failures[key] = entry
    }
  }

  private static func forget(_ state: inout State, at now: Int64) {
    state.failures = state.failures.filter { now - $0.value.last < memory }
    // A flood from more sources than that: whoever failed most stays counted.
    guard state.failures.count > most else { return }
    let kept = state.failures.sorted { $0.value.count > $1.value.count }.prefix(most / 2)
    state.failures = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
  }

  /// For how many seconds the next attempt is not looked at.
  private static func wait(for keys: [String], _ state: State, at now: Int64) -> Int64 {
    keys.compactMap { state.failures[$0] }.map { entry in
      guard entry.count >= free, now - entry.last < memory else { return 0 }
      return entry.last + min(longest, 1 << Int64(min(entry.count - free, 16))) - now
    }.max() ?? 0
  }
}
