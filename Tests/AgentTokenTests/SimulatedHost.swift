import JSON
import TestSupport
import Testing

@testable import AgentToken

/// An enrolled host with clocks that the test turns, in a world in which the time is known: what its
/// trusted clock makes of them, and what becomes of tokens there.
struct SimulatedHost {
  /// What time it really is, seconds since the epoch: issuers know it.
  private(set) var real = now
  /// By how many seconds the wall clock is ahead of that.
  private(set) var wallError: Int64 = 0
  /// Seconds of CLOCK_BOOTTIME.
  private(set) var boottime: Int64 = 1_000
  private(set) var boot = 1
  private(set) var isShifted = false
  private(set) var clock: TrustedClock
  private(set) var bundle: JWSDraft
  /// The state on the disk.
  var stored: ClockState?
  private var tokens = 0

  static let buildDate = now - 30 * 86_400

  init(wallError: Int64 = 0) throws {
    self.wallError = wallError
    bundle = authority.bundle(issuedAt: now - 86_400)
    clock = TrustedClock(
      enrolledWith: .init(sequence: 41, issuedAt: now - 86_400), buildDate: Self.buildDate,
      at: ClockReading(
        wall: (now + wallError) * 1_000_000, boottime: 1_000_000_000, bootID: "boot 1"))
    stored = clock.state
  }

  var reading: ClockReading {
    ClockReading(
      wall: (real + wallError) * 1_000_000, boottime: boottime * 1_000_000, bootID: "boot \(boot)",
      isShifted: isShifted)
  }

  var standing: TrustedClock.Standing { clock.standing(at: reading) }

  // MARK: What happens to it

  /// Time passes, the machine being on or asleep; the daemon looks every minute.
  mutating func wait(_ seconds: Int64) {
    // A year in steps of a day is as good.
    let step = max(60, seconds / 400)
    var left = seconds
    while left > 0 {
      sleep(min(step, left))
      left -= step
      tick()
    }
  }

  /// Time passes and nobody looks: suspend to RAM.
  mutating func sleep(_ seconds: Int64) {
    real += seconds
    boottime += seconds
  }

  mutating func tick() {
    clock.observe(reading)
    stored = clock.state
  }

  /// date -s, or what NTP does.
  mutating func stepClock(by seconds: Int64) { wallError += seconds }
  mutating func setClock(to time: Int64) { wallError = time - real }

  /// The daemon ends somehow and starts again.
  mutating func restart(shifted: Bool? = nil, bundle: ClockState.Bundle? = nil) {
    isShifted = shifted ?? isShifted
    let state = stored.flatMap { ClockState(json: $0.json) }
    clock = TrustedClock(
      state: state ?? .missing(softFloor: 0, hardFloor: 0), buildDate: Self.buildDate,
      bundle: bundle ?? self.clock.state.bundle, at: reading)
    stored = clock.state
  }

  /// Off for a while, then on with its wall clock as given, or as right or wrong as it was.
  mutating func reboot(after seconds: Int64 = 60, clockAt wall: Int64? = nil) {
    real += seconds
    boottime = 20
    boot += 1
    if let wall { setClock(to: wall) }
    restart()
  }

  // MARK: Tokens

  /// What becomes of a token that is issued right now, or so many seconds ago; nil where it opens.
  @discardableResult
  mutating func bearer(
    age: Int64 = 0, lifetime: Int64 = 900
  ) throws -> Refusal.Code? {
    try open(issuedAt: real - age, lifetime: lifetime, challengeAge: nil)
  }

  /// The same for one that answers a challenge made that many seconds ago.
  @discardableResult
  mutating func challenge(age: Int64 = 40, issuedAt: Int64? = nil) throws -> Refusal.Code? {
    try open(issuedAt: issuedAt ?? real - age / 2, lifetime: 900, challengeAge: age)
  }

  private mutating func open(
    issuedAt: Int64, lifetime: Int64, challengeAge: Int64?
  ) throws -> Refusal.Code? {
    tokens += 1
    var token = authority.token(
      jti: "jti-of-the-token-\(tokens)", issuedAt: issuedAt, lifetime: lifetime)
    if challengeAge != nil { token = token.with("nonce", "AAAAAAAAAAAAAAAAAAAAAA") }
    clock.observe(reading)
    do throws(Refusal) {
      let verified = try authority.verifier(bundle).verify(
        token.bytes, at: clock.time(at: reading),
        challenges: { _ in challengeAge.map { .good(elapsed: $0) } ?? .unknown },
        spent: { _, _ in nil })
      clock.take(verified, at: reading)
      stored = clock.state
      return nil
    } catch {
      return error.code
    }
  }

  /// The link brings the cluster's time.
  mutating func signedTime(issuedAt: Int64? = nil, elapsed: Int64 = 2) {
    clock.take(signedTime: issuedAt ?? real - 1, elapsed: elapsed, at: reading)
    stored = clock.state
  }

  mutating func take(bundle sequence: Int64, issuedAt: Int64) {
    bundle = authority.bundle(sequence: sequence, issuedAt: issuedAt)
    clock.take(.init(sequence: sequence, issuedAt: issuedAt))
    stored = clock.state
  }

  mutating func becomesAnotherMachine() {
    clock.suspectMachine()
    stored = clock.state
  }
}
