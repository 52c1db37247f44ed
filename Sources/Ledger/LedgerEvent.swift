package import JSON

/// Something that is worth a record.
package struct LedgerEvent: Sendable, Equatable {
  /// Where in an operation the event is.
  package enum Phase: String, Sendable {
    /// About to be done; on the disk before it is.
    case intent
    /// Done, or failed.
    case result
  }

  /// The event of accepted tokens: `unprotect`. Its intents are what spends a token.
  package static let unprotect = "unprotect"
  package static let protect = "protect"
  package static let refused = "refused"

  /// What it is about: `unprotect`, `protect`, `refused`, …
  package var event: String
  package var phase: Phase?
  /// Seconds since the epoch, as the wall clock had it.
  package var wall: Int64
  /// CLOCK_BOOTTIME in microseconds; recorded in whole seconds.
  package var boottime: UInt64
  package var bootID: String
  /// Who asked, where somebody did.
  package var peer: LedgerPeer?
  /// The token's issuer, with `jti` the key against replay.
  package var iss: String?
  package var kid: String?
  package var jti: String?
  /// The token's `exp`, in seconds since the epoch.
  package var exp: Int64?
  /// `ok`, or the refusal's code.
  package var outcome: String
  /// The clock's state: `wall`, `suspect`, …
  package var clock: String
  /// Further members of the record, in this order.
  package var details: [JSON.Member]

  package init(
    event: String, phase: Phase? = nil, wall: Int64, boottime: UInt64, bootID: String,
    peer: LedgerPeer? = nil, iss: String? = nil, kid: String? = nil, jti: String? = nil,
    exp: Int64? = nil, outcome: String, clock: String, details: [JSON.Member] = []
  ) {
    self.event = event
    self.phase = phase
    self.wall = wall
    self.boottime = boottime
    self.bootID = bootID
    self.peer = peer
    self.iss = iss
    self.kid = kid
    self.jti = jti
    self.exp = exp
    self.outcome = outcome
    self.clock = clock
    self.details = details
  }

  /// The token that this event spends.
  var spends: (issuer: String, jti: String)? {
    guard event == Self.unprotect, phase == .intent, let iss, let jti else { return nil }
    return (iss, jti)
  }
}

/// The process that asked for something, as it was then.
package struct LedgerPeer: Sendable, Equatable {
  package var pid: Int32
  package var uid: UInt32
  package var gid: UInt32
  /// Who logged in, whoever they became since; nil where nobody did.
  package var loginuid: UInt32?
  package var tty: String?
  /// The path of its program.
  package var exe: String?

  package init(
    pid: Int32, uid: UInt32, gid: UInt32, loginuid: UInt32? = nil, tty: String? = nil,
    exe: String? = nil
  ) {
    self.pid = pid
    self.uid = uid
    self.gid = gid
    self.loginuid = loginuid
    self.tty = tty
    self.exe = exe
  }
}
