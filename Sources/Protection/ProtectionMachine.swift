/// The state machine of service protection: events in, actions out, no I/O and no clock.
///
/// Every cell is written out, the impossible ones too: a protection daemon does not trap on them,
/// it stays as it is and says so.
package struct ProtectionMachine: Sendable, Equatable {
  package private(set) var state: ProtectionState

  package init(state: ProtectionState = .unmanaged) { self.state = state }

  /// What happened.
  package enum Event: Sendable, Equatable {
    /// The daemon is up; `enrolled` is what its trust store, or in its absence the shields, say.
    case started(enrolled: Bool)
    /// The daemon is up, and the profile it accepted last switches protection off.
    case startedDismissed(Dismissal)
    /// This host was enrolled just now.
    case enrolled
    /// A token verified and its intent is on disk.
    case tokenAccepted(Grant)
    case protectAsked
    /// A connection to the cluster, or the default route, was gone and is back.
    case reconnected
    case windowOver
    /// A service was added, a definition or a setting became stricter.
    case definitionsChanged
    /// The engaging that was ordered has ended.
    case engaged(Outcome)
    /// The releasing that was ordered has ended; `false`: something of it failed.
    case released(Bool)
    /// A profile was accepted; one that switches protection off comes with it.
    case profileTaken(dismissal: Dismissal?)
    /// The letting go that a profile ordered has ended; `false`: something of it failed.
    case dismissed(Bool)
    /// An inspection found every shield in place, or not.
    case inspected(whole: Bool)
  }

  /// How an engaging ended.
  package enum Outcome: Sendable, Equatable {
    case whole
    /// Something is not in place.
    case damaged
    /// Unit shields are up; a dpkg transaction is running, so files and packages wait.
    case awaitingPackages
  }

  /// What the caller has to do, in order.
  package enum Action: Sendable, Equatable {
    case engage
    case release(Grant)
    /// Let go of everything, by a profile's word.
    case dismiss
    case startWindow(Grant)
    case endWindow
    /// Tell journal, ledger and watchers that the state is another.
    case announce
    /// Not now: hand the same event in again once the state is settled.
    case retryWhenSettled
    /// The event makes no sense in this state; it changed nothing.
    case ignore
  }

  package mutating func handle(_ event: Event) -> [Action] {
    switch state {
    case .unmanaged: return fromUnmanaged(event)
    case .engaging: return fromEngaging(event)
    case .awaitingPackages: return fromAwaitingPackages(event)
    case .protected: return fromStanding(event, whole: true)
    case .degraded: return fromStanding(event, whole: false)
    case .releasing(let grant): return fromReleasing(event, grant)
    case .unprotected(let grant): return fromUnprotected(event, grant)
    case .dismissing: return fromDismissing(event)
    }
  }

  private mutating func go(_ next: ProtectionState, _ actions: [Action]) -> [Action] {
    state = next
    return actions
  }

  private mutating func fromUnmanaged(_ event: Event) -> [Action] {
    switch event {
    case .started(enrolled: true), .enrolled: return go(.engaging, [.announce, .engage])
    case .started(enrolled: false): return go(.unmanaged, [.announce])
    case .startedDismissed(let dismissal): return go(.dismissing(dismissal), [.dismiss])
    case .profileTaken(dismissal: nil): return go(.engaging, [.announce, .engage])
    case .profileTaken: return []
    case .tokenAccepted, .protectAsked, .reconnected, .windowOver, .definitionsChanged,
      .engaged, .released, .dismissed, .inspected:
      return [.ignore]
    }
  }

  private mutating func fromEngaging(_ event: Event) -> [Action] {
    switch event {
    case .engaged(.whole): return go(.protected, [.announce])
    case .engaged(.damaged): return go(.degraded, [.announce])
    case .engaged(.awaitingPackages): return go(.awaitingPackages, [.announce])
    case .tokenAccepted, .definitionsChanged, .profileTaken: return [.retryWhenSettled]
    case .protectAsked, .reconnected: return []  // under way already
    case .inspected: return []  // of a machine that is still changing
    case .started, .startedDismissed, .enrolled, .windowOver, .released, .dismissed:
      return [.ignore]
    }
  }

  private mutating func fromAwaitingPackages(_ event: Event) -> [Action] {
    switch event {
    case .tokenAccepted(let grant): return go(.releasing(grant), [.release(grant)])
    case .engaged(.whole): return go(.protected, [.announce])
    case .engaged(.damaged): return go(.degraded, [.announce])
    case .engaged(.awaitingPackages): return []
    case .definitionsChanged, .profileTaken(dismissal: nil): return go(.engaging, [.engage])
    case .profileTaken(dismissal: let dismissal?): return go(.dismissing(dismissal), [.dismiss])
    case .protectAsked, .reconnected, .inspected: return []
    case .started, .startedDismissed, .enrolled, .windowOver, .released, .dismissed:
      return [.ignore]
    }
  }

  /// `protected` and `degraded` differ only in what an inspection last said.
  private mutating func fromStanding(_ event: Event, whole: Bool) -> [Action] {
    switch event {
    case .tokenAccepted(let grant): return go(.releasing(grant), [.release(grant)])
    case .definitionsChanged, .profileTaken(dismissal: nil): return go(.engaging, [.engage])
    case .profileTaken(dismissal: let dismissal?): return go(.dismissing(dismissal), [.dismiss])
    case .protectAsked, .reconnected: return whole ? [] : go(.engaging, [.engage])
    case .inspected(whole: let found):
      return found == whole ? [] : go(found ? .protected : .degraded, [.announce])
    case .started, .startedDismissed, .enrolled, .windowOver, .engaged, .released, .dismissed:
      return [.ignore]
    }
  }

  private mutating func fromReleasing(_ event: Event, _ grant: Grant) -> [Action] {
    switch event {
    case .released(true): return go(.unprotected(grant), [.startWindow(grant), .announce])
    case .released(false): return go(.engaging, [.endWindow, .engage])
    case .tokenAccepted, .protectAsked, .reconnected, .windowOver, .definitionsChanged,
      .profileTaken:
      return [.retryWhenSettled]
    case .inspected: return []
    case .started, .startedDismissed, .enrolled, .engaged, .dismissed: return [.ignore]
    }
  }

  private mutating func fromUnprotected(_ event: Event, _ open: Grant) -> [Action] {
    switch event {
    case .tokenAccepted(let grant):
      let joined = grant.joined(to: open)
      return go(.releasing(joined), [.release(joined)])
    case .protectAsked, .reconnected, .windowOver, .profileTaken(dismissal: nil):
      return go(.engaging, [.endWindow, .engage])
    case .profileTaken(dismissal: let dismissal?):
      return go(.dismissing(dismissal), [.endWindow, .dismiss])
    case .definitionsChanged: return [.engage]  // what the grant does not cover
    case .engaged, .inspected: return []
    case .started, .startedDismissed, .enrolled, .released, .dismissed: return [.ignore]
    }
  }

  private mutating func fromDismissing(_ event: Event) -> [Action] {
    switch event {
    case .dismissed(true): return go(.unmanaged, [.announce])
    case .dismissed(false): return go(.engaging, [.announce, .engage])
    case .profileTaken: return [.retryWhenSettled]
    case .protectAsked, .reconnected, .definitionsChanged, .inspected: return []
    case .started, .startedDismissed, .enrolled, .tokenAccepted, .windowOver, .engaged, .released:
      return [.ignore]
    }
  }
}
