internal import AgentToken
internal import Linux

/// Who may ask for what, decided in one place and denied by default.
enum Authority {
  /// Who asks, as far as that decides.
  enum Asker: String, CaseIterable {
    case root
    /// The cluster's link. It talks to a network, so it may report and tighten, and hand over what the
    /// daemon verifies itself; nothing that lets anybody in, whatever groups it is in.
    case link
    /// A member of the group `holdfast`.
    case member
    case stranger
  }

  private enum Rank { case anyone, courier, member, root, clusterLink }

  private static let ranks: [String: Rank] = [
    "unprotect": .member, "check": .member, "challenge": .member,
    "protect": .courier, "reconnected": .courier, "checkpoint": .courier,
    "bundle": .courier, "profile": .courier, "revocations": .courier, "time": .courier,
    "release": .courier, "events": .courier, "doctor": .courier,
    "link": .clusterLink, "ack": .clusterLink,
    "enroll": .root, "guard": .root, "reload": .root, "restart": .root,
    "upgrade": .root, "accept": .root, "recover": .root, "doctor prove": .root,
    "status": .anyone, "watch": .anyone, "ping": .anyone, "version": .anyone, "help": .anyone,
  ]

  /// The verbs there are, for `help`.
  static var verbs: [String] { ranks.keys.filter { !$0.contains(" ") }.sorted() }

  /// Whether a verb asks for nothing that is anybody's secret or can change anything. So is what is
  /// no verb at all.
  static func isOpenToAll(_ verb: String) -> Bool { ranks[verb] ?? .anyone == .anyone }

  /// - Parameters:
  ///   - members: the gid of the group `holdfast`, if there is one.
  ///   - link: the uid of the cluster's link, if there is one.
  static func asker(
    uid: UInt32, gid: UInt32, groups: [UInt32], members: UInt32?, link: UInt32?
  ) -> Asker {
    if uid == 0 { return .root }
    if uid == link { return .link }
    guard let members, gid == members || groups.contains(members) else { return .stranger }
    return .member
  }

  /// - Parameter argument: the first one, where a verb's rank depends on it.
  /// - Throws: `unknown_verb` or `denied`.
  static func check(
    _ verb: String, argument: String? = nil, from asker: Asker
  ) throws(Refusal) {
    guard let rank = argument.flatMap({ ranks["\(verb) \($0)"] }) ?? ranks[verb] else {
      throw Refusal(.unknownVerb, "There is no verb \(verb.prefix(32)).", hint: "Ask for `help`.")
    }
    switch (rank, asker) {
    case (.anyone, _), (_, .root), (.courier, .link), (.clusterLink, .link): return
    case (.courier, .member), (.member, .member): return
    case (_, .link):
      throw Refusal(.denied, "The link to the cluster may not \(verb).")
    case (.courier, _), (.member, _):
      throw Refusal(
        .denied, "Only root and members of the group \(Own.group) may \(verb).",
        hint: "Try again with sudo.")
    case (.root, _), (.clusterLink, _):
      throw Refusal(.denied, "Only root may \(verb).", hint: "Try again with sudo.")
    }
  }
}
