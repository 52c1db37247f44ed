import AgentToken
import JSON
import Linux
import Protection
import SimulatedDisk
import TestSupport
import Testing

@testable import Agent

/// The daemon's stores, ended at every system call of an unprotect: by a crash, and by a power cut
/// with every way in which the disk may be left; and every system call failing.
@Suite struct UnprotectCrashTests {
  private let token = CrashedHost.token()

  /// How far an unprotect came.
  private struct Progress {
    /// The token was taken: from here on it is spent.
    var isAccepted = false
    /// Shields were let go of.
    var isReleased = false
    var isDone = false
  }

  /// What the agent does for a token, without the shields.
  private func unprotect(_ host: CrashedHost, _ stores: Stores) throws -> Progress {
    var progress = Progress()
    let peer = try #require(CrashedHost.peer)
    host.disk.run {
      do {
        guard case .good(let token) = try host.judge(token, stores) else { return }
        let units: Set<String> = ["a.service"]
        try stores.timekeeper.take(token)
        let record = try stores.recorder.unprotectIntent(token, units: units, seconds: 60, peer)
        progress.isAccepted = true
        try stores.guards.markVoid(units)
        progress.isReleased = true
        let grant = Grant(
          token: token, services: units, endsAtBoottime: 0, endsAt: 0, record: record)
        stores.recorder.unprotectResult(grant, failure: nil)
        progress.isDone = true
      } catch {}
    }
    return progress
  }

  /// The number of steps that it takes where nothing goes wrong.
  private func length() throws -> Int {
    let host = CrashedHost(CrashedHost.enrolled)
    let stores = try host.start()
    let before = host.disk.steps
    let progress = try unprotect(host, stores)
    #expect(progress.isDone)
    return host.disk.steps - before
  }

  private func expectSound(_ host: CrashedHost, _ progress: Progress, _ what: String) throws {
    let stores = try host.start()
    let isSpent = host.isSpent(token, stores)
    if progress.isAccepted { #expect(isSpent, "a token is good twice: \(what)") }
    if progress.isReleased {
      #expect(stores.guards.void == ["a.service"], "an old baseline counts again: \(what)")
    }
    let intents = host.records().filter { $0["phase"]?.string == "intent" }
    #expect(isSpent == (intents.count == 1), "\(what)")
    try host.expectWhole(stores, what)
  }

  @Test(arguments: [false, true])
  func endedAtEveryStep(torn: Bool) throws {
    let steps = try length()
    #expect(steps > 20)
    for step in 1...steps {
      let host = CrashedHost(CrashedHost.enrolled)
      let stores = try host.start()
      let at = host.disk.steps + step
      host.disk.fault = torn ? .tear(at: at) : .stop(at: at)
      let progress = try unprotect(host, stores)
      #expect(host.disk.hasStopped)
      try expectSound(host, progress, "crash at step \(step)")
    }
  }

  @Test func powerCutAtEveryStep() throws {
    for step in 1...(try length() + 1) {
      let host = CrashedHost(CrashedHost.enrolled)
      let stores = try host.start()
      host.disk.fault = .stop(at: host.disk.steps + step)
      let progress = try unprotect(host, stores)
      for (number, after) in host.afterPowerCut().enumerated() {
        try expectSound(after, progress, "power cut \(number) at step \(step)")
      }
    }
  }

  /// Starting mends, and is ended at every step of that too.
  @Test(arguments: [false, true])
  func endedAgainInTheStartAfterwards(powerCut: Bool) throws {
    let steps = try length()
    for step in stride(from: 1, through: steps, by: 3) {
      let first = CrashedHost(CrashedHost.enrolled)
      let stores = try first.start()
      first.disk.fault = .stop(at: first.disk.steps + step)
      let progress = try unprotect(first, stores)
      var again = 0
      while true {
        again += 1
        let host = CrashedHost(first.disk.contents, kept: powerCut ? nil : first.kept)
        _ = try? host.start(fault: .stop(at: again))
        guard host.disk.hasStopped else { break }
        let afterwards = powerCut ? host.afterPowerCut() : [host]
        for after in afterwards {
          try expectSound(after, progress, "crash at step \(step) and \(again) of the next start")
        }
      }
      #expect(again > 1 || step == 1)
    }
  }

  @Test(arguments: [SimulatedDisk.ioError, SimulatedDisk.noSpace, SimulatedDisk.readOnly])
  func everyStepFailing(errno: Int32) throws {
    for lasting in [false, true] {
      for step in 1...(try length()) {
        let host = CrashedHost(CrashedHost.enrolled)
        let stores = try host.start()
        let at = host.disk.steps + step
        host.disk.fault = lasting ? .failFrom(at, errno: errno) : .fail(at: at, errno: errno)
        let progress = try unprotect(host, stores)
        host.disk.fault = nil
        let isSpent = host.isSpent(token, stores)
        #expect(isSpent == progress.isAccepted, "error \(errno) at step \(step)")
        if !lasting, errno == SimulatedDisk.ioError {
          for after in host.afterPowerCut() {
            try expectSound(after, progress, "error \(errno) at step \(step), then a power cut")
          }
        }
        try expectSound(host, progress, "error \(errno) at step \(step)")
      }
    }
  }
}
