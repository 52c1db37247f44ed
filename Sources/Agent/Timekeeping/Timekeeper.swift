internal import AgentToken
internal import Ledger
internal import Linux

/// The trusted clock of this host: has the machine's clocks read, and keeps what is known of the
/// time on the disk.
final class Timekeeper {
  private(set) var clock: TrustedClock
  private let store: ClockStore
  private let read: () -> ClockReading
  private let buildDate: Int64
  /// Nothing is kept for a host that is not enrolled: nobody asks it for the time.
  private var isKept: Bool
  private var stored: ClockState?
  private var shown: TrustedClock.Standing
  /// How the clock stands has changed.
  var onChange: (_ from: TrustedClock.Standing, _ to: TrustedClock.Standing) -> Void = { _, _ in }
  /// Why what is known of the time could not be written, as last tried.
  private(set) var problem: String?

  /// - Parameters:
  ///   - bundle: the trust bundle in force; nil where the host is not enrolled.
  ///   - floor: that of the ledger's last record, for where everything else is gone.
  init(
    store: ClockStore, bundle: TrustBundle?, floor: LedgerFloor?, buildDate: Int64,
    read: @escaping () -> ClockReading
  ) {
    self.store = store
    self.buildDate = buildDate
    self.read = read
    isKept = bundle != nil
    stored = store.read()
    let state: ClockState =
      if bundle == nil {
        ClockState(bundle: nil)
      } else if let stored {
        stored
      } else {
        .missing(softFloor: floor?.soft ?? 0, hardFloor: floor?.hard ?? 0)
      }
    let reading = read()
    clock = TrustedClock(
      state: state, buildDate: buildDate, bundle: bundle.map(ClockState.Bundle.init), at: reading)
    shown = clock.standing(at: reading)
    if !store.isWhole { stored = nil }
    try? save()
  }

  /// Seconds in between two looks at the clock that nobody asked for.
  static let period: UInt64 = 60

  // MARK: Asking

  /// The time to judge tokens by, now.
  func time(takesBearer: Bool = true) -> TrustedTime {
    let reading = look()
    return clock.time(at: reading, takesBearer: takesBearer)
  }

  /// Looks at the clock, and keeps what is so. To be called every minute.
  func tick() {
    look()
    try? save()
  }

  @discardableResult
  private func look() -> ClockReading {
    let reading = read()
    clock.observe(reading)
    settle(at: reading)
    return reading
  }

  private func settle(at reading: ClockReading) {
    let standing = clock.standing(at: reading)
    guard standing != shown else { return }
    let before = shown
    shown = standing
    try? save()
    onChange(before, standing)
  }

  /// As last looked at.
  var standing: TrustedClock.Standing { shown }

  /// Looks, for whoever asks how the clock stands.
  func standingNow() -> TrustedClock.Standing {
    look()
    return shown
  }

  /// How the clock stands, and both floors: every record of the ledger has that.
  var stamp: (clock: String, floor: LedgerFloor?) {
    guard isKept else { return (shown.rawValue, nil) }
    return (
      shown.rawValue, LedgerFloor(soft: clock.state.softFloor, hard: clock.hardFloor)
    )
  }

  /// By how many seconds the wall clock is off what is known, negative where it is behind.
  var offset: Int64 { clock.offset(at: read()) }

  // MARK: Signed facts

  /// An accepted token's effect, on the disk when it returns; where that fails, there is none.
  func take(_ token: VerifiedToken) throws(SystemError) {
    try change { clock, reading in clock.take(token, at: reading) }
  }

  /// The cluster's signed time, for a nonce that was made here `elapsed` seconds ago; on the disk
  /// when it returns.
  func take(signedTime issuedAt: Int64, elapsed: Int64) throws(SystemError) {
    try change { clock, reading in
      clock.take(signedTime: issuedAt, elapsed: elapsed, at: reading)
    }
  }

  /// A newer trust bundle is in force.
  func take(_ bundle: TrustBundle) {
    clock.take(ClockState.Bundle(bundle))
    tick()
  }

  /// Takes back the effect of a token that was not to be spent after all.
  func revert(to before: TrustedClock) {
    clock = before
    tick()
  }

  /// This host enrols: nothing is known of the time yet, and nothing is missing.
  func begin(_ bundle: TrustBundle) {
    isKept = true
    let reading = read()
    clock = TrustedClock(
      enrolledWith: ClockState.Bundle(bundle), buildDate: buildDate, at: reading)
    settle(at: reading)
    try? save()
  }

  /// What was known was known of another machine.
  func suspectMachine() {
    clock.suspectMachine()
    look()
  }

  private func change(_ body: (inout TrustedClock, ClockReading) -> Void) throws(SystemError) {
    let before = clock
    let reading = read()
    body(&clock, reading)
    do throws(SystemError) {
      try save()
    } catch {
      clock = before
      throw error
    }
    settle(at: reading)
  }

  // MARK: Keeping

  /// Keeps what is known, on the disk when it returns.
  func save() throws(SystemError) {
    guard isKept, clock.state != stored else { return }
    do throws(SystemError) {
      try store.write(clock.state)
      stored = clock.state
      problem = nil
    } catch {
      problem = "what is known of the time cannot be written: \(error)"
      throw error
    }
  }
}

extension ClockState.Bundle {
  init(_ bundle: TrustBundle) {
    self.init(sequence: bundle.sequence, issuedAt: bundle.issuedAt)
  }
}
