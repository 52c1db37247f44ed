package import AgentToken
package import LinkMessages
internal import Synchronization

/// Who is connected, and the way down to them.
package final class LinkHub: Sendable {
  private struct State {
    var links: [String: AgentLink] = [:]
    /// When agents were last heard of that are not connected any more, until that is kept.
    var left: [String: Int64] = [:]
    /// The first record that was sent instead of the one that was wanted, by agent.
    var jumps: [String: Int64] = [:]
    /// Trust bundles that agents have and the cluster has not, by their sequences.
    var bundles: Set<Int64> = []
    /// When revocations were raised last, because an agent had newer ones.
    var raised: Int64?
    var troubles: [Refusal] = []
    /// The list of revocations that there was when an agent had a newer one for the first time.
    var firstList: Int64?
  }

  private let state = Mutex(State())
  /// Whoever signs profiles does so in their turn, so that no version is given twice.
  let signing = Turns()

  /// After how many seconds a link comes back that another one took the place of.
  private static let afterReplaced: Int64 = 60
  private static let mostTroubles = 100
  private static let mostJumps = 10_000
  private static let mostBundles = 100
  /// Seconds between two lists of revocations that are signed because of what an agent says.
  private static let betweenRaises: Int64 = 60

  package init() {}

  // MARK: Coming and going

  /// A new link of an agent. What is said to it waits until it is opened; an older one of the same
  /// agent ends.
  func attach(_ agent: String) -> AgentLink {
    let link = AgentLink(agent: agent)
    let old = state.withLock { $0.links.updateValue(link, forKey: agent) }
    old?.end(.bye(reason: "replaced", after: Self.afterReplaced))
    return link
  }

  /// - Parameter now: when the agent was last heard of.
  func detach(_ link: AgentLink, at now: Int64) {
    link.drop()
    state.withLock { state in
      if state.links[link.agent] === link { state.links[link.agent] = nil }
      state.left[link.agent] = now
    }
  }

  /// Ends an agent's link, if it has one.
  package func close(_ agent: String, reason: String, after: Int64) {
    let link = state.withLock { $0.links.removeValue(forKey: agent) }
    link?.end(.bye(reason: reason, after: after))
  }

  /// Ends all, such as before the server does.
  ///
  /// - Parameter now: when they were last heard of.
  package func closeAll(reason: String, after: Int64, at now: Int64) {
    let links = state.withLock { state in
      defer { state.links = [:] }
      for agent in state.links.keys { state.left[agent] = now }
      return state.links.values.map(\.self)
    }
    for link in links { link.end(.bye(reason: reason, after: after)) }
  }

  /// When each agent was last heard of: those connected now, and those that left since the last
  /// time.
  func takeSeen(at now: Int64) -> [String: Int64] {
    state.withLock { state in
      defer { state.left = [:] }
      return state.links.reduce(into: state.left) { $0[$1.key] = now }
    }
  }

  // MARK: Who is there

  package func isConnected(_ agent: String) -> Bool {
    state.withLock { $0.links[agent] != nil }
  }

  package var connected: [String] { state.withLock { Array($0.links.keys) } }

  package var count: Int { state.withLock(\.links.count) }

  func link(_ agent: String) -> AgentLink? { state.withLock { $0.links[agent] } }

  // MARK: Saying

  /// Says the same to some agents, or to all that are connected.
  ///
  /// - Returns: those that are connected.
  @discardableResult
  package func push(_ message: Downward, to agents: [String]? = nil) -> Set<String> {
    let line = message.line
    let links = state.withLock { state in
      agents.map { $0.compactMap { state.links[$0] } } ?? Array(state.links.values)
    }
    return Set(links.filter { say(line, to: $0) }.map(\.agent))
  }

  /// Has connections kept, and drops those that nobody reads. To be called every
  /// `LinkLimits.heartbeat` seconds.
  package func beat() {
    let ping = Downward.ping.line
    for link in state.withLock({ Array($0.links.values) }) where !link.beat(ping) { forget(link) }
  }

  private func say(_ line: [UInt8], to link: AgentLink) -> Bool {
    if link.say(line) { return true }
    forget(link)
    return false
  }

  private func forget(_ link: AgentLink) {
    state.withLock { state in
      if state.links[link.agent] === link { state.links[link.agent] = nil }
    }
  }

  // MARK: What is remembered of them

  /// Notes that an agent sent that record instead of the one that was wanted.
  ///
  /// - Returns: whether it did so the last time too.
  func noteJump(of agent: String, to sequence: Int64) -> Bool {
    state.withLock { state in
      if state.jumps[agent] == sequence {
        state.jumps[agent] = nil
        return true
      }
      if state.jumps.count >= Self.mostJumps { state.jumps = [:] }
      state.jumps[agent] = sequence
      return false
    }
  }

  /// The list of revocations to count from how far ahead of the cluster agents are.
  ///
  /// - Parameter last: the newest now.
  func firstList(_ last: Int64) -> Int64 {
    state.withLock { state in
      let first = state.firstList ?? last
      state.firstList = first
      return first
    }
  }

  /// - Returns: whether nobody has said before that there is a bundle of that sequence.
  func noteBundle(_ sequence: Int64) -> Bool {
    state.withLock { state in
      if state.bundles.count >= Self.mostBundles { state.bundles = [] }
      return state.bundles.insert(sequence).inserted
    }
  }

  /// Whether revocations may be raised again because of what an agent says, which is then done.
  func mayRaise(at now: Int64) -> Bool {
    state.withLock { state in
      if let raised = state.raised, (raised..<raised + Self.betweenRaises).contains(now) {
        return false
      }
      state.raised = now
      return true
    }
  }

  /// Something that could not be done for agents, and that nobody is there to be told.
  func note(_ trouble: Refusal) {
    state.withLock { state in
      guard state.troubles.count < Self.mostTroubles, !state.troubles.contains(trouble) else {
        return
      }
      state.troubles.append(trouble)
    }
  }

  /// What could not be done since the last time, for the log.
  package func takeTroubles() -> [Refusal] {
    state.withLock { state in
      defer { state.troubles = [] }
      return state.troubles
    }
  }
}
