import AgentToken
import Testing

@testable import Agent

/// Who may ask for what, every verb of everybody's.
@Suite struct AuthorityTests {
  private static let anyone: Set = ["status", "watch", "ping", "version", "help"]
  private static let link = anyone.union([
    "protect", "reconnected", "link", "ack", "bundle", "profile", "revocations", "time", "release",
    "events", "doctor", "checkpoint",
  ])
  private static let member = anyone.union([
    "unprotect", "check", "challenge", "protect", "reconnected", "checkpoint", "bundle", "profile",
    "revocations", "time", "release", "events", "doctor",
  ])

  @Test(arguments: Authority.Asker.allCases)
  func eachVerb(asker: Authority.Asker) {
    for verb in Authority.verbs {
      let may =
        switch asker {
        case .root: true
        case .link: Self.link.contains(verb)
        case .member: Self.member.contains(verb)
        case .stranger: Self.anyone.contains(verb)
        }
      #expect(code(verb, by: asker) == (may ? nil : .denied), "\(verb) by \(asker)")
    }
  }

  @Test(arguments: Authority.Asker.allCases)
  func whatDependsOnTheArgument(asker: Authority.Asker) {
    #expect(code("doctor", "prove", by: asker) == (asker == .root ? nil : .denied))
  }

  @Test(arguments: Authority.Asker.allCases)
  func whatIsNone(asker: Authority.Asker) {
    for verb in ["code", "open", "Status", ""] {
      #expect(code(verb, by: asker) == .unknownVerb)
    }
  }

  @Test func whoSomebodyIs() {
    func asker(_ uid: UInt32, _ gid: UInt32, _ groups: [UInt32] = []) -> Authority.Asker {
      Authority.asker(uid: uid, gid: gid, groups: groups, members: 50, link: 60)
    }
    #expect(asker(0, 0) == .root)
    #expect(asker(7, 7) == .stranger)
    #expect(asker(7, 50) == .member)
    #expect(asker(7, 7, [3, 50]) == .member)
    #expect(asker(60, 60) == .link)
    #expect(asker(60, 50) == .link, "its groups give it nothing")
    #expect(asker(60, 60, [50]) == .link)
    #expect(asker(7, 60) == .stranger, "its group is nothing")
  }

  @Test func whereThereIsNoSuchUserOrGroup() {
    #expect(Authority.asker(uid: 7, gid: 7, groups: [7], members: nil, link: nil) == .stranger)
    // A user of that name with root's number is root, and takes nothing from it.
    #expect(Authority.asker(uid: 0, gid: 0, groups: [], members: nil, link: 0) == .root)
  }

  private func code(
    _ verb: String, _ argument: String? = nil, by asker: Authority.Asker
  ) -> Refusal.Code? {
    do throws(Refusal) {
      try Authority.check(verb, argument: argument, from: asker)
      return nil
    } catch {
      return error.code
    }
  }
}
