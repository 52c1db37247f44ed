/// Where service protection stands on this host.
///
/// Only `unmanaged` and `unprotected` leave a service open; neither is ever stored as such, so
/// every start of an enrolled host begins at `engaging`, unless a stored profile switches it off.
package enum ProtectionState: Sendable, Equatable {
  /// Never enrolled, so that nobody could be let in, or switched off by a signed profile: nothing is
  /// protected.
  case unmanaged
  /// Shields are going up; nothing else that changes the state is taken meanwhile.
  case engaging
  /// The unit shields stand; files and packages wait for a running dpkg to finish.
  case awaitingPackages
  /// Every shield of every service was inspected and is in place.
  case protected
  /// Protected, but a shield or a service is not as it should be.
  case degraded
  /// Shields are coming down for a grant whose intent is on disk.
  case releasing(Grant)
  /// Open until the window ends, somebody protects, the cluster is back, or the daemon restarts.
  case unprotected(Grant)
  /// Shields are coming down for good: a profile that is on disk switches protection off.
  case dismissing(Dismissal)

  /// The name on the control socket, in the journal and in the ledger.
  package var name: String {
    switch self {
    case .unmanaged: "unmanaged"
    case .engaging, .awaitingPackages: "engaging"
    case .protected: "protected"
    case .degraded: "degraded"
    case .releasing, .dismissing: "releasing"
    case .unprotected: "unprotected"
    }
  }

  /// The grant that is open or about to be, if any.
  package var grant: Grant? {
    switch self {
    case .releasing(let grant), .unprotected(let grant): grant
    case .unmanaged, .engaging, .awaitingPackages, .protected, .degraded, .dismissing: nil
    }
  }

  /// Whether there is anything to protect now.
  package var isManaged: Bool {
    switch self {
    case .unmanaged, .dismissing: false
    case .engaging, .awaitingPackages, .protected, .degraded, .releasing, .unprotected: true
    }
  }

  /// Whether a request that changes the state can be taken now.
  package var isSettled: Bool {
    switch self {
    case .engaging, .releasing, .dismissing: false
    case .unmanaged, .awaitingPackages, .protected, .degraded, .unprotected: true
    }
  }
}
