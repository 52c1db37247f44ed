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
  /// The key that signs the ledger's checkpoints, as `key` (`CheckpointKey.text`).
  package static let key = "ledger_key"
  /// What a file of the ledger begins with.
  static let segment = "segment"
  /// Tokens that were spent before this file of the ledger was begun.
  static let carried = "carried"
  /// What the disk budget took.
  static let trimmed = "ledger_trimmed"

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
  /// The floors of trusted time then, where they are known.
  package var floor: LedgerFloor?
  /// Further members of the record, in this order.
  package var details: [JSON.Member]

  package init(
    event: String, phase: Phase? = nil, wall: Int64, boottime: UInt64, bootID: String,
    peer: LedgerPeer? = nil, iss: String? = nil, kid: String? = nil, jti: String? = nil,
    exp: Int64? = nil, outcome: String, clock: String, floor: LedgerFloor? = nil,
    details: [JSON.Member] = []
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
    self.floor = floor
    self.details = details
  }

  /// The token that this event spends.
  var spends: (issuer: String, jti: String)? {
    guard event == Self.unprotect, phase == .intent, let iss, let jti else { return nil }
    return (iss, jti)
  }
}

/// The floors of trusted time, in seconds since the epoch: what the clock was not to be before.
package struct LedgerFloor: Sendable, Equatable {
  package var soft: Int64
  package var hard: Int64

  package init(soft: Int64, hard: Int64) {
    self.soft = soft
    self.hard = hard
  }
}
