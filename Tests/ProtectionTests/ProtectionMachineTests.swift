import AgentToken
import JSON
import Protection
import TestSupport
import Testing

/// The state machine as a table: every state meets every event, and each cell is written here by
/// hand, from the description of the states.
@Suite struct ProtectionMachineTests {
  typealias Action = ProtectionMachine.Action
  typealias Event = ProtectionMachine.Event

  /// The grant that is open, and one that arrives.
  let open: Grant
  let new: Grant
  let joined: Grant
  /// A profile that switches protection off.
  let off: Dismissal

  init() throws {
    off = try Self.dismissal()
    open = try Self.grant(services: ["a.service"], endsAt: 500, record: 7)
    new = try Self.grant(services: ["b.service"], endsAt: 400, record: 8)
    joined = new.joined(to: open)
  }

  static func grant(services: Set<String>, endsAt: Int64, record: Int64) throws -> Grant {
    let authority = MintingAuthority()
    let token = try authority.verifier().verify(
      Array(authority.token().text().utf8), at: TrustedTime(now: MintingAuthority.now)
    ) { _, _ in nil }
    return Grant(
      token: token, services: services, endsAtBoottime: UInt64(endsAt) * 1_000_000,
      endsAt: endsAt, record: record)
  }

  static func dismissal() throws -> Dismissal {
    let authority = MintingAuthority()
    let bundle = authority.bundle(keys: [
      authority.keyJWK(.cluster, [.init(name: "loosens", value: true)])
    ])
    let profile = try ArtefactVerifier(
      bundle: authority.enrolled(bundle), identity: authority.identity(),
      scheme: SodiumSignatures()
    ).profile(
      authority.profile().bytes, enrolment: MintingAuthority.enrolment, after: (nil, 0),
      at: TrustedTime(now: MintingAuthority.now))
    return try #require(profile.flatMap { Dismissal($0, revoked: .none) })
  }

  struct Cell {
    let event: Event
    let next: ProtectionState
    let actions: [Action]
  }

  /// Every event there is, so that a row that misses one fails.
  var events: [Event] {
    [
      .started(enrolled: true), .started(enrolled: false), .enrolled, .tokenAccepted(new),
      .protectAsked, .reconnected, .windowOver, .definitionsChanged, .engaged(.whole),
      .engaged(.damaged), .engaged(.awaitingPackages), .released(true), .released(false),
      .inspected(whole: true), .inspected(whole: false),
      .startedDismissed(off), .profileTaken(dismissal: nil), .profileTaken(dismissal: off),
      .dismissed(true), .dismissed(false),
    ]
  }

  func check(_ state: ProtectionState, _ cells: [Cell]) {
    #expect(cells.map(\.event) == events)
    for cell in cells {
      var machine = ProtectionMachine(state: state)
      let actions = machine.handle(cell.event)
      #expect(actions == cell.actions, "\(state.name) × \(cell.event)")
      #expect(machine.state == cell.next, "\(state.name) × \(cell.event)")
    }
  }

  func row(
    _ state: ProtectionState, _ cells: [(ProtectionState, [Action])]
  ) -> [Cell] {
    zip(events, cells).map { Cell(event: $0, next: $1.0, actions: $1.1) }
  }

  @Test func unmanagedIsLeftOnlyByEnrolment() {
    let stay: (ProtectionState, [Action]) = (.unmanaged, [.ignore])
    check(
      .unmanaged,
      row(
        .unmanaged,
        [
          (.engaging, [.announce, .engage]),  // started(enrolled: true)
          (.unmanaged, [.announce]),  // started(enrolled: false)
          (.engaging, [.announce, .engage]),  // enrolled
          stay, stay, stay, stay, stay, stay, stay, stay, stay, stay, stay, stay,
          (.dismissing(off), [.dismiss]),  // startedDismissed
          (.engaging, [.announce, .engage]),  // a profile that switches it on again
          (.unmanaged, []),  // one that leaves it off
          stay, stay,  // dismissed
        ]))
  }

  @Test func engagingTakesNothingButItsOwnEnd() {
    let ignore: (ProtectionState, [Action]) = (.engaging, [.ignore])
    check(
      .engaging,
      row(
        .engaging,
        [
          ignore, ignore, ignore,
          (.engaging, [.retryWhenSettled]),  // tokenAccepted
          (.engaging, []),  // protectAsked: under way
          (.engaging, []),  // reconnected: under way
          ignore,  // windowOver
          (.engaging, [.retryWhenSettled]),  // definitionsChanged
          (.protected, [.announce]),
          (.degraded, [.announce]),
          (.awaitingPackages, [.announce]),
          ignore, ignore,  // released
          (.engaging, []), (.engaging, []),  // inspected
          ignore,
          (.engaging, [.retryWhenSettled]), (.engaging, [.retryWhenSettled]),  // profileTaken
          ignore, ignore,
        ]))
  }

  @Test func waitingForDpkgDoesNotHoldUpAToken() {
    let ignore: (ProtectionState, [Action]) = (.awaitingPackages, [.ignore])
    let stay: (ProtectionState, [Action]) = (.awaitingPackages, [])
    check(
      .awaitingPackages,
      row(
        .awaitingPackages,
        [
          ignore, ignore, ignore,
          (.releasing(new), [.release(new)]),
          stay, stay,  // protectAsked, reconnected
          ignore,  // windowOver
          (.engaging, [.engage]),  // definitionsChanged
          (.protected, [.announce]),
          (.degraded, [.announce]),
          stay,  // still waiting
          ignore, ignore,
          stay, stay,
          ignore, (.engaging, [.engage]), (.dismissing(off), [.dismiss]), ignore, ignore,
        ]))
  }

  @Test func protectedIsLeftByATokenOrByDamage() {
    let ignore: (ProtectionState, [Action]) = (.protected, [.ignore])
    let stay: (ProtectionState, [Action]) = (.protected, [])
    check(
      .protected,
      row(
        .protected,
        [
          ignore, ignore, ignore,
          (.releasing(new), [.release(new)]),
          stay, stay, ignore,
          (.engaging, [.engage]),
          ignore, ignore, ignore, ignore, ignore,
          stay,
          (.degraded, [.announce]),
          ignore, (.engaging, [.engage]), (.dismissing(off), [.dismiss]), ignore, ignore,
        ]))
  }

  @Test func degradedTriesAgainWhenAsked() {
    let ignore: (ProtectionState, [Action]) = (.degraded, [.ignore])
    check(
      .degraded,
      row(
        .degraded,
        [
          ignore, ignore, ignore,
          (.releasing(new), [.release(new)]),
          (.engaging, [.engage]),  // protectAsked
          (.engaging, [.engage]),  // reconnected
          ignore,
          (.engaging, [.engage]),
          ignore, ignore, ignore, ignore, ignore,
          (.protected, [.announce]),
          (.degraded, []),
          ignore, (.engaging, [.engage]), (.dismissing(off), [.dismiss]), ignore, ignore,
        ]))
  }

  @Test func releasingEndsOpenOrEngagesAgain() {
    let state = ProtectionState.releasing(open)
    let ignore: (ProtectionState, [Action]) = (state, [.ignore])
    let later: (ProtectionState, [Action]) = (state, [.retryWhenSettled])
    check(
      state,
      row(
        state,
        [
          ignore, ignore, ignore,
          later, later, later, later, later,
          ignore, ignore, ignore,
          (.unprotected(open), [.startWindow(open), .announce]),
          (.engaging, [.endWindow, .engage]),
          (state, []), (state, []),
          ignore, later, later, ignore, ignore,
        ]))
  }

  @Test func unprotectedIsEndedByAnyoneAndWidenedByAToken() {
    let state = ProtectionState.unprotected(open)
    let ignore: (ProtectionState, [Action]) = (state, [.ignore])
    let close: (ProtectionState, [Action]) = (.engaging, [.endWindow, .engage])
    check(
      state,
      row(
        state,
        [
          ignore, ignore, ignore,
          (.releasing(joined), [.release(joined)]),
          close, close, close,
          (state, [.engage]),  // what the grant does not cover
          (state, []), (state, []), (state, []),
          ignore, ignore,
          (state, []), (state, []),
          ignore, close, (.dismissing(off), [.endWindow, .dismiss]), ignore, ignore,
        ]))
  }

  @Test func dismissingEndsWithNothingProtectedOrEngagesAgain() {
    let state = ProtectionState.dismissing(off)
    let ignore: (ProtectionState, [Action]) = (state, [.ignore])
    let stay: (ProtectionState, [Action]) = (state, [])
    let later: (ProtectionState, [Action]) = (state, [.retryWhenSettled])
    check(
      state,
      row(
        state,
        [
          ignore, ignore, ignore, ignore,
          stay, stay,  // protectAsked, reconnected
          ignore,
          stay,  // definitionsChanged
          ignore, ignore, ignore, ignore, ignore,
          stay, stay,  // inspected
          ignore, later, later,
          (.unmanaged, [.announce]),
          (.engaging, [.announce, .engage]),
        ]))
  }

  /// A key that may not loosen, or was revoked, switches nothing off.
  @Test func onlyALooseningKeyThatCountsDismisses() throws {
    let profile = off.profile
    #expect(Dismissal(profile, revoked: .none) == off)
    let kid = profile.signer.kid
    #expect(Dismissal(profile, revoked: Revocations(kids: [kid], jtis: [], before: [:])) == nil)
    let authority = MintingAuthority()
    let tight = try ArtefactVerifier(
      bundle: authority.enrolled(), identity: authority.identity(), scheme: SodiumSignatures()
    ).profile(
      authority.profile().bytes, enrolment: MintingAuthority.enrolment, after: (nil, 0),
      at: TrustedTime(now: MintingAuthority.now))
    #expect(Dismissal(try #require(tight), revoked: .none) == nil)
  }

  /// No service is open for longer than a token that names it allows.
  @Test func aJoinedWindowEndsWithTheEarlierUnlessTheNewTokenOpensAllOfIt() throws {
    #expect(joined.services == ["a.service", "b.service"])
    #expect(joined.endsAt == 400)
    #expect(joined.endsAtBoottime == 400_000_000)
    #expect(joined.record == 8)
    let whole = try Self.grant(services: ["a.service", "b.service"], endsAt: 900, record: 9)
    #expect(whole.joined(to: joined).endsAt == 900)
    let subset = try Self.grant(services: ["b.service"], endsAt: 900, record: 9)
    #expect(subset.joined(to: joined).endsAt == 400)
  }

  /// From every state, nothing but an accepted token leads to an open service.
  @Test func onlyATokenOpens() {
    let states: [ProtectionState] = [
      .unmanaged, .engaging, .awaitingPackages, .protected, .degraded, .dismissing(off),
    ]
    for state in states {
      for event in events {
        if case .tokenAccepted = event { continue }
        var machine = ProtectionMachine(state: state)
        _ = machine.handle(event)
        #expect(machine.state.grant == nil, "\(state.name) × \(event)")
      }
    }
  }

  @Test func settledStatesAreThoseThatTakeRequests() {
    let settled: [ProtectionState] = [
      .unmanaged, .awaitingPackages, .protected, .degraded, .unprotected(open),
    ]
    for state in settled { #expect(state.isSettled) }
    for state in [ProtectionState.engaging, .releasing(open), .dismissing(off)] {
      #expect(!state.isSettled)
    }
  }
}
