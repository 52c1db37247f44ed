/// Where service protection stands on this host.
///
/// Only `unmanaged` and `unprotected` leave a service open; neither is ever stored as such, so
/// every start of an enrolled host begins at `engaging`.
package enum ProtectionState: Sendable, Equatable {
  /// Never enrolled: nobody could be let in, so nothing is protected.
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

  /// The name on the control socket, in the journal and in the ledger.
  package var name: String {
    switch self {
    case .unmanaged: "unmanaged"
    case .engaging, .awaitingPackages: "engaging"
    case .protected: "protected"
    case .degraded: "degraded"
    case .releasing: "releasing"
    case .unprotected: "unprotected"
    }
  }

  /// The grant that is open or about to be, if any.
  package var grant: Grant? {
    switch self {
    case .releasing(let grant), .unprotected(let grant): grant
    case .unmanaged, .engaging, .awaitingPackages, .protected, .degraded: nil
    }
  }

  /// Whether a request that changes the state can be taken now.
  package var isSettled: Bool {
    switch self {
    case .engaging, .releasing: false
    case .unmanaged, .awaitingPackages, .protected, .degraded, .unprotected: true
    }
  }
}
