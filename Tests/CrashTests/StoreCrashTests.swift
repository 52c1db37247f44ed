import AgentToken
import JSON
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
    }

    var description: String {
      "bundle \(bundle ?? 0), misses \(missesBundle ?? 0), \(definitions), void \(void), guarded \(guarded), alarms \(alarms)"
    }
  }

  enum Change: String, CaseIterable {
    case bundle, definition, newDefinition, removal, void, severalVoid, setting, alarm, head
    /// Of a baseline that was void before.
    case engaged
  }

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
    }
  }

  private func host(before change: Change) throws -> CrashedHost {
    let host = CrashedHost(CrashedHost.enrolled)
    guard change == .engaged else { return host }
    let stores = try host.start()
    try host.disk.run { try stores.guards.markVoid(["a.service"]) }
    return CrashedHost(host.disk.contents, kept: host.kept)
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
