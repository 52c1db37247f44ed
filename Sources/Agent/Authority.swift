package import AgentToken
package import Linux

/// Who may ask for what, decided in one place and denied by default.
package enum Authority {
  private enum Rank { case anyone, member, root }

  private static let ranks: [String: Rank] = [
    "unprotect": .member, "protect": .member, "reconnected": .member, "check": .member,
    "checkpoint": .member,
    "challenge": .member,
    "bundle": .member, "profile": .member, "revocations": .member, "time": .member,
    "release": .member,
    "enroll": .root, "guard": .root, "reload": .root, "restart": .root,
    "upgrade": .root, "accept": .root, "recover": .root,
    "doctor": .member, "doctor prove": .root,
    "status": .anyone, "events": .member, "watch": .anyone, "ping": .anyone, "version": .anyone,
    "help": .anyone,
  ]

  /// The verbs there are, for `help`.
  package static var verbs: [String] { ranks.keys.filter { !$0.contains(" ") }.sorted() }

  /// Whether a verb asks for nothing that is anybody's secret or can change anything. So is what is
  /// no verb at all.
  package static func isOpenToAll(_ verb: String) -> Bool { ranks[verb] ?? .anyone == .anyone }

  /// - Parameters:
  ///   - argument: the first one, where a verb's rank depends on it.
  ///   - members: the gid of the group `holdfast`, if there is one.
  /// - Throws: `unknown_verb` or `denied`.
  package static func check(
    _ verb: String, argument: String? = nil, peer: Peer, members: UInt32?
  ) throws(Refusal) {
    guard let rank = argument.flatMap({ ranks["\(verb) \($0)"] }) ?? ranks[verb] else {
      throw Refusal(.unknownVerb, "There is no verb \(verb.prefix(32)).", hint: "Ask for `help`.")
    }
    let isMember = members.map { $0 == peer.gid || peer.groups.contains($0) } ?? false
    switch rank {
    case .anyone: return
    case .member where peer.uid == 0 || isMember: return
    case .root where peer.uid == 0: return
    case .member:
      throw Refusal(
        .denied, "Only root and members of the group \(Own.group) may \(verb).",
        hint: "Try again with sudo.")
    case .root:
      throw Refusal(.denied, "Only root may \(verb).", hint: "Try again with sudo.")
    }
  }
}
