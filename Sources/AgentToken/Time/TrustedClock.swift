/// Decides how far a machine's clocks are believed: readings and signed facts in, `TrustedTime` out.
/// It reads no clock and keeps no file.
///
/// Two floors hold whatever the wall clock shows. H, the hard one, is what was signed: the build,
/// the trust bundle in force, and the tokens that were accepted. S, the soft one, is the highest
/// trusted time there was. Within a boot there is an estimate as well: the highest start of this
/// boot that a trusted wall clock, or else a signature, told, and CLOCK_BOOTTIME since. It only ever
/// moves up with the wall clock, so that many small steps back do not add up to a large one.
package struct TrustedClock: Sendable, Equatable {
  /// By how many seconds the wall clock may be behind what is known, or off the estimate.
  package static let tolerance: Int64 = 120

  /// To be stored whenever it is another.
  package private(set) var state: ClockState
  private let buildDate: Int64

  /// At every start of the daemon.
  ///
  /// - Parameters:
  ///   - state: what was stored, `ClockState.missing` where that is gone.
  ///   - buildDate: of this program, seconds since the epoch.
  ///   - bundle: the one in force, where the stored state may not know it yet.
  package init(
    state: ClockState, buildDate: Int64, bundle: ClockState.Bundle?, at reading: ClockReading
  ) {
    self.state = state
    self.buildDate = buildDate
    if let bundle { take(bundle) }
    // An estimate holds within its boot only, and only where that can be told.
    if reading.bootID.isEmpty || state.anchor?.bootID != reading.bootID {
      self.state.anchor = nil
      self.state.isDisowned = false
    }
    if self.state.suspicion == nil, !self.state.isDisowned,
      reading.wallSeconds < floor - Self.tolerance
    {
      self.state.suspicion = .rolledBack
    }
    observe(reading)
  }

  /// Of a host that enrols now.
  package init(enrolledWith bundle: ClockState.Bundle, buildDate: Int64, at reading: ClockReading) {
    self.init(
      state: ClockState(bundle: bundle), buildDate: buildDate, bundle: nil, at: reading)
  }

  /// H, seconds since the epoch.
  package var hardFloor: Int64 { max(buildDate, state.bundle?.issuedAt ?? 0, state.tokenFloor) }
  /// What is known to have passed, apart from the estimate.
  private var floor: Int64 { max(hardFloor, state.softFloor) }

  // MARK: Readings

  /// Takes in what the clocks show: regularly, and before anything is judged by it.
  package mutating func observe(_ reading: ClockReading) {
    if reading.isShifted { return }
    let estimate = estimate(at: reading)
    let offset = estimate.map { reading.wall - $0 } ?? 0
    let isNear = abs(offset) <= Self.tolerance * 1_000_000
    switch state.suspicion {
    case nil where state.isDisowned:
      if isNear {
        state.isDisowned = false
        trust(reading)
      } else if let estimate {
        raise(to: estimate)
      }
    case nil:
      if offset < 0, !isNear {
        state.suspicion = .rolledBack
      } else {
        trust(reading)
      }
    case .rolledBack:
      guard reading.wallSeconds >= floor, isNear else { return }
      state.suspicion = nil
      state.isDisowned = false
      trust(reading)
    case .stateMissing, .otherMachine: break
    }
  }

  /// The wall clock is right: the floor and the anchor go up with it.
  private mutating func trust(_ reading: ClockReading) {
    raise(to: reading.wall)
    let start = reading.wall - reading.boottime
    if let anchor = state.anchor, anchor.bootID == reading.bootID, anchor.start >= start { return }
    state.anchor = ClockState.Anchor(bootID: reading.bootID, start: start)
  }

  private mutating func raise(to microseconds: Int64) {
    state.softFloor = max(state.softFloor, Timestamp.clamped(ClockState.seconds(microseconds)))
  }

  /// Microseconds since the epoch, by the anchor of this boot; nil where there is none.
  private func estimate(at reading: ClockReading) -> Int64? {
    guard let anchor = state.anchor, anchor.bootID == reading.bootID, !reading.isShifted else {
      return nil
    }
    return anchor.start + reading.boottime
  }

  // MARK: Signed facts

  /// A trust bundle is in force. A newer one that was signed earlier than the one before lowers its
  /// part of H and clears that of the tokens: the reset after an issuer's clock was wrong.
  package mutating func take(_ bundle: ClockState.Bundle) {
    guard bundle.sequence > state.bundle?.sequence ?? .min else { return }
    if let old = state.bundle, bundle.issuedAt < old.issuedAt { state.tokenFloor = 0 }
    state.bundle = bundle
  }

  /// A token was accepted. One that answers a challenge also tells the time, and ends every
  /// suspicion.
  package mutating func take(_ token: VerifiedToken, at reading: ClockReading) {
    take(tokenIssuedAt: token.issuedAt, challengeElapsed: token.challengeElapsed, at: reading)
  }

  mutating func take(
    tokenIssuedAt issuedAt: Int64, challengeElapsed: Int64?, at reading: ClockReading
  ) {
    observe(reading)
    state.tokenFloor = max(state.tokenFloor, issuedAt)
    guard let challengeElapsed else { return }
    anchor(at: issuedAt, elapsed: challengeElapsed, reading)
    state.suspicion = nil
  }

  /// The cluster signed the time, as the answer to a nonce that was made here `elapsed` seconds ago.
  /// It ends a suspicion of the clock, not one of the machine: that takes somebody's token.
  package mutating func take(
    signedTime issuedAt: Int64, elapsed: Int64, at reading: ClockReading
  ) {
    observe(reading)
    anchor(at: issuedAt, elapsed: elapsed, reading)
    if state.suspicion != .otherMachine { state.suspicion = nil }
  }

  /// The time was `issuedAt` when, or after, the nonce was made: `elapsed` later it is at least the
  /// former and at most that much more. The later is taken, so that nothing that is over counts.
  private mutating func anchor(at issuedAt: Int64, elapsed: Int64, _ reading: ClockReading) {
    state.softFloor = issuedAt
    guard !reading.isShifted else { return }
    let start = (issuedAt + elapsed) * 1_000_000 - reading.boottime
    state.anchor = ClockState.Anchor(bootID: reading.bootID, start: start)
    state.isDisowned =
      abs(reading.wall - start - reading.boottime) > Self.tolerance * 1_000_000
    if !state.isDisowned { trust(reading) }
  }

  /// What was known was known of another machine.
  package mutating func suspectMachine() { state.suspicion = .otherMachine }

  // MARK: What comes of it

  /// The time to judge tokens by.
  package func time(at reading: ClockReading, takesBearer: Bool = true) -> TrustedTime {
    let estimate = estimate(at: reading).map(ClockState.seconds)
    let doubt: TrustedTime.Doubt? =
      switch state.suspicion {
      case .otherMachine: .otherMachine
      case .stateMissing: .stateMissing
      case .rolledBack: .rolledBack
      case nil: reading.isShifted ? .shifted : nil
      }
    return TrustedTime(
      now: max(reading.wallSeconds, estimate ?? reading.wallSeconds), hardFloor: hardFloor,
      doubt: doubt, takesBearer: takesBearer)
  }

  /// How the clock stands, in a word.
  package func standing(at reading: ClockReading) -> Standing {
    switch state.suspicion {
    case .otherMachine: .otherMachine
    case .stateMissing: .stateMissing
    case .rolledBack: .rolledBack
    case nil: reading.isShifted ? .shifted : state.isDisowned ? .estimated : .wall
    }
  }

  package enum Standing: String, Sendable {
    /// The wall clock is believed.
    case wall
    /// A signature told the time, and the wall clock is far from it.
    case estimated
    case rolledBack = "rolled_back"
    case stateMissing = "state_missing"
    case otherMachine = "other_machine"
    /// This process's clocks are not PID 1's.
    case shifted
  }

  /// By how many seconds the wall clock is ahead of what is known, negative where it is behind: of
  /// the estimate, or where there is none, of the floors.
  package func offset(at reading: ClockReading) -> Int64 {
    if let estimate = estimate(at: reading) {
      return reading.wallSeconds - max(ClockState.seconds(estimate), 0)
    }
    return min(0, reading.wallSeconds - floor)
  }
}
