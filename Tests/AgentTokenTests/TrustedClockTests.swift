import JSON
import TestSupport
import Testing

@testable import AgentToken

private let minute: Int64 = 60
private let hour: Int64 = 3_600
private let day: Int64 = 86_400
private let year: Int64 = 365 * day

/// Every way in which a clock can be wrong, and what it does to tokens.
@Suite("Trusted time")
struct TrustedClockTests {
  // MARK: Nothing wrong

  @Test func aClockInStepIsBelieved() throws {
    var host = try SimulatedHost()
    for _ in 1...5 {
      host.wait(day)
      #expect(try host.bearer() == nil)
      #expect(try host.bearer(age: 899) == nil)
      #expect(try host.bearer(age: 900) == .expired)
    }
    #expect(host.standing == .wall)
    #expect(host.clock.time(at: host.reading).now == host.real)
    host.reboot(after: 3 * day)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
  }

  @Test func timeAsleepCounts() throws {
    var host = try SimulatedHost()
    host.sleep(8 * hour)
    #expect(try host.bearer() == nil)
    #expect(try host.bearer(age: 8 * hour) == .expired)
    // One that wakes up with the wall clock it fell asleep with has lost what it slept.
    host.sleep(8 * hour)
    host.stepClock(by: -8 * hour)
    #expect(try host.bearer() == .clockRolledBack)
    host.stepClock(by: 8 * hour)
    #expect(try host.bearer() == nil)
  }

  @Test func slowBy50SecondsIsNoReasonToRefuse() throws {
    var host = try SimulatedHost(wallError: -50)
    host.wait(hour)
    #expect(try host.bearer() == nil)
    host.restart()
    #expect(try host.bearer() == nil)
    host.reboot()
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
  }

  @Test func slowBy10MinutesIsSaidAndAChallengeOpens() throws {
    var host = try SimulatedHost(wallError: -10 * minute)
    host.wait(hour)
    #expect(try host.bearer() == .clockBehind)
    #expect(host.standing == .wall)
    #expect(try host.challenge() == nil)
    // From now on the time is known, whatever the wall clock shows.
    #expect(host.standing == .estimated)
    #expect(try host.bearer() == nil)
    #expect(try host.bearer(age: 901) == .expired)
    host.restart()
    host.wait(hour)
    #expect(try host.bearer() == nil)
    host.stepClock(by: 10 * minute)
    host.tick()
    #expect(host.standing == .wall)
    #expect(try host.bearer() == nil)
  }

  // MARK: Set back

  @Test func setBackInTheSameBootIsSuspect() throws {
    var host = try SimulatedHost()
    host.wait(day)
    let stolen = host.real
    host.wait(hour)
    host.setClock(to: stolen + 30)
    #expect(try host.bearer(age: hour) == .clockRolledBack)
    // It stays so: over restarts, and while the wall clock goes on.
    host.restart()
    host.wait(10 * minute)
    #expect(try host.bearer(age: hour) == .clockRolledBack)
    #expect(try host.bearer() == .clockRolledBack)
    #expect(host.standing == .rolledBack)
    // Set right again, it is over.
    host.setClock(to: host.real)
    #expect(try host.bearer(age: hour) == .expired)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
  }

  @Test func setBackByLessThanIsKnownIsTakenAsTheTimeThatItWas() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    host.stepClock(by: -119)
    #expect(host.standing == .wall)
    // Nothing is gained by it: the estimate counts.
    #expect(try host.bearer(age: 901) == .expired)
    #expect(host.clock.time(at: host.reading).now == host.real)
    host.stepClock(by: -2)
    #expect(try host.bearer() == .clockRolledBack)
  }

  @Test func manySmallStepsBackDoNotAddUp() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    let before = host.real
    for step in 1...20 {
      host.stepClock(by: -100)
      host.wait(minute)
      if step % 5 == 0 { host.restart() }
      #expect(host.clock.time(at: host.reading).now >= host.real)
    }
    #expect(host.standing == .rolledBack)
    #expect(try host.bearer(age: host.real - before) != nil)
    // One for each boot does not either.
    host = try SimulatedHost()
    host.wait(hour)
    let reached = host.real
    for _ in 1...20 {
      let wall = host.real + host.wallError
      host.reboot(clockAt: wall - 100)
    }
    #expect(host.clock.state.softFloor >= reached)
    #expect(
      host.clock.state.suspicion == .rolledBack || host.real + host.wallError >= reached - 120)
  }

  @Test func setBackOverARebootIsSuspect() throws {
    var host = try SimulatedHost()
    host.wait(day)
    let stolen = host.real
    host.wait(hour)
    host.reboot(clockAt: stolen + 30)
    #expect(try host.bearer(age: hour) == .clockRolledBack)
    host.reboot(clockAt: stolen + 30)
    #expect(host.standing == .rolledBack)
    // Without an estimate it ends as soon as the clock shows what is known.
    host.setClock(to: host.real)
    #expect(try host.bearer() == nil)
    #expect(try host.bearer(age: hour) == .expired)
  }

  @Test func aDeadRTCIsSuspectUntilSomethingTellsTheTime() throws {
    for right in [false, true] {
      var host = try SimulatedHost()
      host.wait(day)
      host.reboot(clockAt: 0)
      #expect(try host.bearer() == .clockRolledBack)
      host.wait(10 * minute)
      #expect(try host.bearer() == .clockRolledBack)
      if right {
        host.setClock(to: host.real)  // NTP
        #expect(try host.bearer() == nil)
        #expect(host.standing == .wall)
      } else {
        #expect(try host.challenge() == nil)
        #expect(try host.bearer() == nil)
        #expect(host.standing == .estimated)
        // What was learnt meanwhile holds in the next boot too.
        host.wait(day)
        let known = host.real
        host.reboot(clockAt: 0)
        #expect(host.clock.state.softFloor >= known)
        #expect(try host.bearer() == .clockRolledBack)
      }
    }
  }

  @Test func ntpStepsBack() throws {
    var host = try SimulatedHost(wallError: 100)
    host.wait(hour)
    host.stepClock(by: -100)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
    // By much: it has shown what it now denies. A challenge settles it, and so does a boot in which it
    // is past that.
    host = try SimulatedHost(wallError: 5 * minute)
    host.wait(hour)
    host.stepClock(by: -5 * minute)
    #expect(try host.bearer() == .clockRolledBack)
    var other = host
    #expect(try host.challenge() == nil)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
    other.wait(hour)
    #expect(try other.bearer() == .clockRolledBack)
    other.reboot()
    #expect(try other.bearer() == nil)
  }

  // MARK: Set forward

  @Test func yearsAheadThenCorrected() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    host.stepClock(by: 10 * year)
    host.tick()
    #expect(try host.bearer() == .expired)
    host.stepClock(by: -10 * year)
    #expect(try host.bearer() == .clockRolledBack)
    host.reboot()
    #expect(try host.bearer() == .clockRolledBack)
    #expect(try host.challenge() == nil)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
    host.reboot()
    #expect(try host.bearer() == nil)
  }

  @Test func aChallengeDisownsAClockThatIsYearsAhead() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    host.stepClock(by: 10 * year)
    host.tick()
    #expect(try host.challenge() == nil)
    #expect(host.standing == .estimated)
    // It raises nothing any more, also over a restart, but `now` is still the later of the two.
    host.wait(hour)
    host.restart()
    #expect(host.clock.state.softFloor <= host.real + minute)
    #expect(try host.bearer() == .expired)
    #expect(try host.challenge() == nil)
    host.setClock(to: host.real)
    #expect(try host.bearer() == nil)
    #expect(host.standing == .wall)
    // And it can be found wrong again.
    host.stepClock(by: -hour)
    #expect(try host.bearer() == .clockRolledBack)
  }

  @Test func aClockTenYearsOffIsHealedByAChallenge() throws {
    for error in [-10 * year, 10 * year] {
      var host = try SimulatedHost()
      host.wait(day)
      host.reboot(clockAt: host.real + error)
      #expect(try host.bearer() == (error < 0 ? .clockRolledBack : .expired))
      #expect(try host.challenge(age: 800) == nil)
      #expect(host.clock.state.softFloor <= host.real)
      let time = host.clock.time(at: host.reading)
      #expect(time.doubt == nil)
      // What was issued while the challenge was on its way is at most that much older.
      if error < 0 { #expect((host.real...host.real + 800).contains(time.now)) }
    }
  }

  // MARK: State that is gone

  @Test func lostStateTakesAChallenge() throws {
    var host = try SimulatedHost()
    host.wait(day)
    host.stored = nil
    host.restart()
    #expect(try host.bearer() == .clockStateMissing)
    host.wait(day)
    host.restart()
    host.reboot()
    #expect(try host.bearer() == .clockStateMissing)
    #expect(try host.challenge() == nil)
    #expect(try host.bearer() == nil)
    host.restart()
    #expect(try host.bearer() == nil)
  }

  @Test func lostStateEndsWithASignedTimeToo() throws {
    var host = try SimulatedHost()
    host.stored = nil
    host.restart()
    host.signedTime()
    #expect(host.standing == .wall)
    #expect(try host.bearer() == nil)
  }

  @Test func floorsThatAreKnownFromElsewhereHold() throws {
    let host = try SimulatedHost()
    let clock = TrustedClock(
      state: .missing(softFloor: now + 100, hardFloor: now + 50), buildDate: 0, bundle: nil,
      at: host.reading)
    #expect(clock.hardFloor == now + 50)
    #expect(clock.state.softFloor == now + 100)
    #expect(clock.standing(at: host.reading) == .stateMissing)
  }

  @Test func anEarlierStatePutBackGainsNothing() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    let old = host.stored
    host.wait(hour)
    host.stored = old
    host.stepClock(by: -hour)
    host.restart()
    #expect(try host.bearer(age: hour) == .clockRolledBack)
  }

  // MARK: The hard floor

  @Test func whatEndedBeforeASignedWordIsOver() throws {
    var host = try SimulatedHost()
    host.wait(day)
    host.take(bundle: 42, issuedAt: host.real - 10)
    host.reboot(clockAt: host.real - 2 * day)
    host.setClock(to: host.clock.state.softFloor)
    // At S exactly the clock is believed; what ended by the bundle's iat is over all the same.
    #expect(host.clock.hardFloor == host.clock.state.bundle?.issuedAt)
    #expect(try host.bearer(age: 910 + 2 * minute, lifetime: 900) == .expired)
  }

  @Test func anAcceptedTokenRaisesIt() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    #expect(try host.bearer() == nil)
    #expect(host.clock.hardFloor == host.real)
    host.restart()
    #expect(host.clock.hardFloor == host.real)
    #expect(try host.bearer(age: 5) == nil)
    #expect(host.clock.hardFloor == host.real)
  }

  @Test func aNewerBundleSignedEarlierResetsWhatAnIssuerGotWrong() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    // The issuer's clock was a year ahead: its bundle and a challenge token say so.
    host.take(bundle: 42, issuedAt: host.real + year)
    #expect(try host.challenge(issuedAt: host.real + year) == nil)
    #expect(host.clock.hardFloor == host.real + year)
    #expect(try host.bearer() == .expired)
    // An older one is none.
    host.startsWith(41, now)
    #expect(host.clock.hardFloor == host.real + year)
    host.take(bundle: 43, issuedAt: host.real)
    #expect(host.clock.hardFloor == host.real)
    #expect(try host.challenge() == nil)
    #expect(try host.bearer() == nil)
    // The same where the crash came between the bundle and the state.
    var late = try SimulatedHost()
    #expect(try late.challenge(issuedAt: late.real + year) == nil)
    late.restart(bundle: .init(sequence: 42, issuedAt: late.real - 2 * day))
    #expect(late.clock.hardFloor == late.real - 2 * day)
  }

  @Test func aBundleFromTheFutureIsTakenAndHolds() throws {
    var host = try SimulatedHost()
    host.take(bundle: 42, issuedAt: host.real + hour)
    #expect(try host.bearer() == .expired)
    #expect(host.standing == .wall)
    host.wait(hour)
    #expect(try host.bearer() == nil)
  }

  @Test func theBuildIsAFloorToo() throws {
    let host = try SimulatedHost()
    let clock = TrustedClock(
      enrolledWith: .init(sequence: 1, issuedAt: 5), buildDate: now + day, at: host.reading)
    #expect(clock.hardFloor == now + day)
    #expect(clock.standing(at: host.reading) == .rolledBack)
  }

  // MARK: Signed time, other machines, time namespaces

  @Test func aSignedTimeSetsTheClockRight() throws {
    var host = try SimulatedHost()
    host.wait(day)
    host.reboot(clockAt: 0)
    host.signedTime()
    #expect(host.standing == .estimated)
    #expect(try host.bearer() == nil)
    host.setClock(to: host.real)
    host.tick()
    #expect(host.standing == .wall)
  }

  @Test func anotherMachineTakesAToken() throws {
    var host = try SimulatedHost()
    host.wait(day)
    host.becomesAnotherMachine()
    #expect(try host.bearer() == .clockStateMissing)
    host.signedTime()
    host.wait(day)
    host.reboot()
    #expect(host.standing == .otherMachine)
    #expect(try host.bearer() == .clockStateMissing)
    #expect(try host.challenge() == nil)
    #expect(host.standing == .wall)
    #expect(try host.bearer() == nil)
  }

  @Test func aShiftedBoottimeIsNotBelieved() throws {
    var host = try SimulatedHost()
    host.wait(hour)
    let before = host.clock.state
    host.restart(shifted: true)
    host.wait(hour)
    #expect(try host.bearer() == .clockRolledBack)
    #expect(host.standing == .shifted)
    #expect(host.clock.state == before)
    // A challenge still opens, and does not make the clock one to believe.
    #expect(try host.challenge() == nil)
    #expect(try host.bearer() == .clockRolledBack)
    host.restart(shifted: false)
    #expect(try host.bearer() == nil)
  }

  @Test func aBootThatCannotBeToldFromOthersHasNoEstimateAfterARestart() throws {
    let first = ClockReading(wall: now * 1_000_000, boottime: 5_000_000, bootID: "")
    let clock = TrustedClock(
      enrolledWith: .init(sequence: 1, issuedAt: now - 10), buildDate: 0, at: first)
    let again = TrustedClock(
      state: clock.state, buildDate: 0, bundle: nil,
      at: ClockReading(wall: now * 1_000_000, boottime: 900_000_000, bootID: ""))
    #expect(again.state.anchor?.start == now * 1_000_000 - 900_000_000)
  }

  // MARK: The state as it is stored

  @Test func theStateIsReadBackAsItWas() throws {
    var host = try SimulatedHost()
    var states = [host.clock.state, ClockState.missing(softFloor: 1, hardFloor: 2)]
    host.wait(hour)
    host.stepClock(by: -hour)
    host.tick()
    states.append(host.clock.state)
    #expect(try host.challenge() == nil)
    states.append(host.clock.state)
    host.becomesAnotherMachine()
    states.append(host.clock.state)
    for state in states {
      let text = state.json.encodedBytes()
      #expect(ClockState(json: try JSON.parse(text)) == state)
    }
  }

  @Test func whatIsNoStateIsNone() throws {
    let good = try SimulatedHost().clock.state.json
    let wrong: [JSON] = ["x", -1, true, [], [:], .integer(1 << 62)]
    for member in good.members ?? [] {
      for value in wrong {
        let spoilt = JSON.object(
          (good.members ?? []).map {
            $0.name == member.name ? .init(name: $0.name, value: value) : $0
          })
        guard let read = ClockState(json: spoilt) else { continue }
        #expect(member.name == "disowned" && value == true || read == ClockState(json: good))
      }
      let without = JSON.object((good.members ?? []).filter { $0.name != member.name })
      #expect(ClockState(json: without) == nil)
    }
  }

  /// Whatever root does with the wall clock, reboots and restarts, what was stolen an hour ago and
  /// was over then opens nothing for as long as the state is there and the host was on.
  @Test func noSequenceOfStepsBringsATokenBack() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 1...30 {
      var host = try SimulatedHost()
      host.wait(hour)
      let stolen = host.real
      host.wait(20 * minute)
      for _ in 1...30 {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: host.stepClock(by: Int64.random(in: -3 * hour...3 * hour, using: &random))
        case 1: host.setClock(to: stolen + Int64.random(in: 0...900, using: &random))
        case 2: host.wait(Int64.random(in: 1...600, using: &random))
        case 3: host.restart()
        case 4: host.reboot(clockAt: stolen + Int64.random(in: -900...900, using: &random))
        default: host.sleep(Int64.random(in: 1...600, using: &random))
        }
        #expect(try host.bearer(age: host.real - stolen) != nil)
      }
    }
  }
}

extension SimulatedHost {
  /// A bundle that is no news: for the clock only.
  fileprivate mutating func startsWith(_ sequence: Int64, _ issuedAt: Int64) {
    restart(bundle: .init(sequence: sequence, issuedAt: issuedAt))
  }
}
