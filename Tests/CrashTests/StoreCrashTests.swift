import AgentToken
import JSON
import Ledger
import Linux
import Protection
import SimulatedDisk
import TestSupport
import Testing

@testable import Agent

/// Every change that the daemon makes to what it keeps, ended at every system call: afterwards there
/// is the old state or the new one, and the new one where the daemon had been told that it is done.
@Suite struct StoreCrashTests {
  /// What the daemon would go by.
  private struct State: Equatable, CustomStringConvertible {
    var bundle: Int64?
    var missesBundle: Int64?
    var definitions: [String: String]
    var void: Set<String>
    var guarded: Set<String>
    var alarms: [String]
    var revocations: Int64?
    var profile: Int64?
    /// What came with the profile.
    var accepted: [String]
    var releases: [String]
    var machine: [String: String]
    var ledgers: [String]
    var isSpent: Bool

    init(_ stores: Stores) {
      bundle = stores.trust.trust?.bundle.sequence
      missesBundle = stores.trust.missesBundle
      definitions = Dictionary(
        uniqueKeysWithValues: stores.guards.definitions.map { ($0.unit, $0.description) })
      void = stores.guards.void
      let settings = SettingsStore(paths: CrashedHost.paths, vault: stores.vault)
      _ = settings.load(isOpen: false, profile: nil)
      guarded = Set(settings.guards.keys)
      alarms = NoticeStore(vault: stores.vault).alarms
      revocations = stores.trust.trust?.revocations.sequence
      profile = stores.trust.trust?.profileVersion
      accepted = stores.vault.places[0].names().filter { $0.hasPrefix("accepted/x") }
      releases = stores.releases.manifests.flatMap(\.packages).map(\.version)
      machine = stores.identity.known
      ledgers = ((try? Files.list("\(CrashedHost.paths.state)/ledger")) ?? []).filter {
        $0.hasPrefix("ledger") && $0.hasSuffix(".jsonl")
      }.sorted()
      isSpent = stores.recorder.spent("eu-prod", StoreCrashTests.jti) != nil
    }

    var description: String {
      """
      bundle \(bundle ?? 0), misses \(missesBundle ?? 0), \(definitions), void \(void), \
      guarded \(guarded), alarms \(alarms), revocations \(revocations ?? 0), \
      profile \(profile ?? 0) \(accepted), releases \(releases), machine \(machine), \
      ledgers \(ledgers), spent \(isSpent)
      """
    }
  }

  enum Change: String, CaseIterable {
    case bundle, definition, newDefinition, removal, void, severalVoid, setting, alarm, head
    case revocations, profile, release, machine
    /// Of a baseline that was void before.
    case engaged
    /// Which takes the place of an older one.
    case newerRelease
    /// Of a ledger that knows of a spent token.
    case rotation
  }

  private static let jti = "jti-0123456789abcdef"

  /// It did not happen, and nothing was thrown.
  private struct Undone: Error {}

  private func act(_ change: Change, _ stores: Stores) throws {
    switch change {
    case .bundle:
      let bundle = try CrashedHost.trust(bundle: 42).bundle
      try stores.trust.replace(bundle: bundle)
      stores.timekeeper.take(bundle)
    case .definition:
      try stores.guards.store(CrashedHost.definition("a.service", description: "another"))
    case .newDefinition: try stores.guards.store(CrashedHost.definition("b.service"))
    case .removal: try stores.guards.remove("a.service")
    case .void: try stores.guards.markVoid(["a.service"])
    case .severalVoid: try stores.guards.markVoid(Set(CrashedHost.services))
    case .engaged: try stores.guards.clearVoid(["a.service"])
    case .setting: SettingsStore(paths: CrashedHost.paths, vault: stores.vault).add("a.service")
    case .alarm: NoticeStore(vault: stores.vault).alarm("something is odd")
    case .head:
      stores.recorder.event("healed", outcome: "ok")
      try stores.recorder.sealHead()
    case .revocations:
      let trust = try #require(stores.trust.trust)
      let draft = CrashedHost.authority.revocations(sequence: 1, issuedAt: CrashedHost.enrolledAt)
      let list = try trust.verifier(SodiumSignatures()).revocations(
        draft.bytes, after: (trust.revocations.sequence, trust.revocations.payload))
      try stores.trust.add(try #require(list))
    case .profile:
      let trust = try #require(stores.trust.trust)
      let draft = CrashedHost.authority.profile(
        issuedAt: CrashedHost.enrolledAt, enrolment: trust.enrolment)
      let profile = try trust.verifier(SodiumSignatures()).profile(
        draft.bytes, enrolment: trust.enrolment, after: (trust.profile, trust.profileVersion),
        at: TrustedTime(now: CrashedHost.enrolledAt))
      try stores.trust.take(
        try #require(profile), StateVault.Change(writes: [("accepted/x.conf", [1])]))
    case .release: try take("1.0", stores)
    case .newerRelease: try take("1.1", stores)
    case .machine: try stores.identity.accept(["machine id": String(repeating: "a", count: 64)])
    case .rotation:
      guard stores.recorder.tidy(LedgerLimits(file: 1, all: 1 << 30)) else { throw Undone() }
    }
  }

  private func take(_ version: String, _ stores: Stores) throws {
    let trust = try #require(stores.trust.trust)
    let package: JSON = [
      "name": "demo", "version": .string(version), "architecture": "all",
      "files": ["/usr/sbin/demo": .string(String(repeating: "a", count: 64))], "scripts": [:],
    ]
    let manifest = try trust.verifier(SodiumSignatures()).release(
      CrashedHost.authority.release([package], issuedAt: CrashedHost.enrolledAt).bytes)
    _ = try stores.releases.take(manifest, installed: [], inUse: [])
  }

  private func host(before change: Change) throws -> CrashedHost {
    let host = CrashedHost(CrashedHost.enrolled)
    guard [.engaged, .newerRelease, .rotation].contains(change) else { return host }
    let stores = try host.start()
    try host.disk.run {
      switch change {
      case .engaged: try stores.guards.markVoid(["a.service"])
      case .newerRelease: try take("1.0", stores)
      default:
        let verdict = try host.judge(CrashedHost.token(jti: Self.jti), stores)
        guard case .good(let token) = verdict else { throw Undone() }
        _ = try stores.recorder.unprotectIntent(
          token, units: ["a.service"], seconds: 60, try #require(CrashedHost.peer))
      }
      stores.recorder.close()
    }
    return CrashedHost(host.disk.contents.synced, kept: host.kept)
  }

  /// The state before and after, and how many steps that takes.
  private func undisturbed(_ change: Change) throws -> (old: State, new: State, steps: Int) {
    let host = try host(before: change)
    let stores = try host.start()
    let old = host.disk.run { State(stores) }
    let before = host.disk.steps
    try host.disk.run { try act(change, stores) }
    let steps = host.disk.steps - before
    let after = try host.start()
    return (old, host.disk.run { State(after) }, steps)
  }

  private func expectOneOf(
    _ states: [State], _ host: CrashedHost, _ what: String
  ) throws {
    let stores = try host.start()
    let found = host.disk.run { State(stores) }
    #expect(states.contains(found), "\(what)")
    let alarms = stores.vault.findings.filter { if case .alarm = $0 { true } else { false } }
    #expect(alarms.isEmpty, "\(what)")
    #expect(stores.recorder.divergence == nil, "\(what)")
    #expect(stores.timekeeper.standing == .wall, "\(what)")
    let again = try host.start()
    #expect(again.vault.findings.isEmpty, "again: \(what)")
    #expect(host.disk.run { State(again) } == found, "again: \(what)")
  }

  @Test(arguments: Change.allCases) func theOldOrTheNew(change: Change) throws {
    let (old, new, steps) = try undisturbed(change)
    #expect(old != new || change == .head)
    for step in 1...steps + 1 {
      let host = try host(before: change)
      let stores = try host.start()
      host.disk.fault = .tear(at: host.disk.steps + step)
      // A store that says nothing of its success can have been either.
      let isDone =
        (try? host.disk.run { try act(change, stores) }) != nil
        && ![.setting, .alarm].contains(change)
      let expected = isDone ? [new] : [old, new]
      for (number, after) in host.afterPowerCut().enumerated() {
        try expectOneOf(expected, after, "power cut \(number) at step \(step) of \(steps)")
      }
      try expectOneOf(expected, host, "crash at step \(step) of \(steps)")
    }
  }

  /// What failed once and is tried again goes well, whatever it left behind.
  @Test(
    arguments: Change.allCases,
    CrashedHost.isThorough
      ? [SimulatedDisk.ioError, SimulatedDisk.noSpace] : [SimulatedDisk.ioError])
  func aFailureIsMadeGood(change: Change, errno: Int32) throws {
    let (old, new, steps) = try undisturbed(change)
    for step in 1...steps {
      for looksAfter in [false, true] {
        let host = try host(before: change)
        let stores = try host.start()
        host.disk.fault = .fail(at: host.disk.steps + step, errno: errno)
        let isDone = (try? host.disk.run { try act(change, stores) }) != nil
        if looksAfter { _ = host.disk.run { stores.vault.mend { _ in nil } } }
        let left = CrashedHost(host.disk.contents)
        try expectOneOf(
          isDone && ![.setting, .alarm].contains(change) ? [new] : [old, new], left,
          "error \(errno) at step \(step), \(looksAfter ? "mended, " : "")another boot")
        if !isDone {
          // Some things are tried again only after a while.
          host.disk.boottime += 100
          try host.disk.run { try act(change, stores) }
          try expectOneOf([new], host, "error \(errno) at step \(step), tried again")
        }
      }
    }
  }

  /// The first enrolment: this host is enrolled afterwards, or as new.
  @Test func enrolling() throws {
    let host = CrashedHost()
    let stores = try host.start()
    let new = host.disk.contents
    let before = host.disk.steps
    try host.disk.run { try stores.trust.enrol(CrashedHost.trust()) }
    for step in 1...(host.disk.steps - before + 1) {
      let host = CrashedHost(new)
      let stores = try host.start()
      host.disk.fault = .stop(at: host.disk.steps + step)
      let isDone = (try? host.disk.run { try stores.trust.enrol(CrashedHost.trust()) }) != nil
      for after in [host] + host.afterPowerCut() {
        let stores = try after.start()
        #expect(!stores.trust.isDamaged, "step \(step)")
        #expect(stores.trust.trust != nil || !isDone, "step \(step)")
        let alarms = stores.vault.findings.filter { if case .alarm = $0 { true } else { false } }
        #expect(alarms.isEmpty, "step \(step)")
      }
    }
  }
}
