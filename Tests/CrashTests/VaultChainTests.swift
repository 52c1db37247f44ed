import SimulatedDisk
import Testing

@testable import Agent

/// The stores with one change of the vault: killed and without power at every step of it, of every
/// start afterwards, and of the starts after those. Whatever comes of that, no start takes it for
/// somebody who put back an older copy.
///
/// The bound is how often in a row it is cut short: twice in `make test`, three times in
/// `make test-long`.
@Suite struct VaultChainTests {
  private struct Remains {
    var disk: DiskContents
    var kept: [UInt8]?
    var trail: [String] = []
  }

  @Test func noChainOfCrashesLooksLikeTampering() throws {
    let most = CrashedHost.isThorough ? 3 : 2
    let keys = WorldKeys()
    var seen: Set<String> = []
    var open = [Remains(disk: CrashedHost.enrolled)]
    var next = 0
    while next < open.count {
      let remains = open[next]
      next += 1
      let host = CrashedHost(remains.disk, kept: remains.kept)
      let recorder = Recorder(host, remains.trail)
      host.disk.onStep = recorder.note
      let stores = try host.start()
      if remains.trail.isEmpty {
        try host.disk.run { try stores.guards.markVoid(Set(CrashedHost.services)) }
      }
      host.disk.onStep = nil
      let alarms = stores.vault.findings.filter { if case .alarm = $0 { true } else { false } }
      #expect(alarms.isEmpty, "after \(remains.trail)")
      guard remains.trail.count < most else { continue }
      open += recorder.ends.filter { end in
        seen.insert(
          keys.key(of: SmallWorld.Remains(disk: end.disk, kept: end.kept))
            + end.disk.pendingInWords
        ).inserted
      }
    }
    #expect(seen.count > 50)
  }

  private final class Recorder {
    var ends: [Remains] = []
    private let host: CrashedHost
    private let trail: [String]
    private var noted: (step: Int, pending: Int)

    init(_ host: CrashedHost, _ trail: [String]) {
      self.host = host
      self.trail = trail
      noted = (0, host.disk.contents.pendingCount)
    }

    func note(_ contents: DiskContents) {
      let at = "step \(host.disk.steps) of start \(trail.count)"
      ends.append(Remains(disk: contents, kept: host.keptNow, trail: trail + ["killed at \(at)"]))
      // In the middle of a step: a power cut leaves what it may leave of the whole of it.
      guard host.disk.steps > noted.step else { return }
      let isMore = contents.pendingCount > noted.pending
      noted = (host.disk.steps, contents.pendingCount)
      guard isMore else { return }
      for after in contents.afterPowerCutSinceLastChange(most: 12) {
        ends.append(Remains(disk: after, kept: nil, trail: trail + ["power cut at \(at)"]))
      }
    }
  }
}
