/// The time that tokens are judged by, made by whoever answers for the clock.
package struct TrustedTime: Sendable, Equatable {
  /// Why the clock is not believed, so that only a challenge token is taken.
  package enum Doubt: Sendable, Equatable {
    /// It shows less than is known to have passed.
    case rolledBack
    /// What is known of earlier times is gone.
    case stateMissing
    /// What is known is known of another machine.
    case otherMachine
    /// The clocks of this process are not those of PID 1.
    case shifted

    /// What is wrong, as the second half of a sentence.
    var reason: String {
      switch self {
      case .rolledBack: "this host's clock shows less than is known to have passed"
      case .stateMissing: "what this host knew of the time is gone"
      case .otherMachine:
        "what this host knew of the time was known of another machine: it is a copy, or went back "
          + "to an older state"
      case .shifted: "the daemon's clocks are not those of PID 1 (it is in a time namespace)"
      }
    }

    /// It is what is known that is wrong, and not the clock: `clock_state_missing`.
    var isOfState: Bool { self == .stateMissing || self == .otherMachine }
  }

  /// Whole seconds since the epoch, rounded down, within 0 … 253402300799: the later of the wall
  /// clock and the estimate.
  package let now: Int64
  /// No token counts that ended by then, whatever the clock says; the bundle in force may be later.
  package let hardFloor: Int64
  package let doubt: Doubt?
  /// Whether tokens without a nonce are taken at all (the profile's `Bearer=`).
  package let takesBearer: Bool

  /// What is out of range becomes its nearer end.
  package init(now: Int64, hardFloor: Int64 = 0, doubt: Doubt? = nil, takesBearer: Bool = true) {
    self.now = Timestamp.clamped(now)
    self.hardFloor = hardFloor
    self.doubt = doubt
    self.takesBearer = takesBearer
  }
}

/// What becomes of a nonce that a token brings back.
package enum ChallengeVerdict: Sendable, Equatable {
  /// Made here, this many seconds of CLOCK_BOOTTIME ago.
  case good(elapsed: Int64)
  /// Made before a reboot, or on another machine, or by nobody.
  case unknown
  /// Made here, this many seconds ago, which is too long.
  case expired(elapsed: Int64)
}
