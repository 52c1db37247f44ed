import AgentToken
import JSON
import Ledger
import Linux
import Protection
import SimulatedDisk
import TestSupport
import Testing

@testable import Agent

/// A host with two services and two tokens, one for each service, whose wall clock can be set back:
/// small enough to go through everything that can ever become of it. What decides in it is the
/// product's: the verifier, the state machine, the ledger, the vault and the trusted clock. Only
/// shields are a set of names here.
struct SmallWorld {
  /// What somebody, or the world, can do.
  enum Act: Hashable, CaseIterable {
    case unprotectA, unprotectBoth, protect, windowOver, setBack, setRight
  }

  /// What outlives the daemon.
  struct Remains {
    var disk: DiskContents
    var kept: [UInt8]?
    var boot = 1
    /// Seconds by which the wall clock was set back.
    var back: Int64 = 0
    /// Services whose shields are down.
    var released: Set<String> = []
    /// How often each token was taken, by its `jti`.
    var taken: [String: Int] = [:]
    /// How it came to this, for whoever looks into a fault.
    var trail: [String] = []
  }

  /// What the daemon was started on, and what has happened since.
  let start: Remains
  let acts: [Act]

  static let tokens: [Act: JWSDraft] = [
    .unprotectA: CrashedHost.token(jti: "jti-aaaaaaaaaaaaaaaa").with("services", ["a.service"]),
    .unprotectBoth: CrashedHost.token(jti: "jti-bbbbbbbbbbbbbbbb"),
  ]
  static let stepBack: Int64 = 600
}

/// The daemon at work in it.
final class SmallAgent {
  private(set) var remains: SmallWorld.Remains
  private(set) var machine = ProtectionMachine()
  private let host: CrashedHost
  private let stores: Stores
  /// What may be found if everything ends just then: with the daemon, or with the machine.
  private(set) var ends: [SmallWorld.Remains] = []
  private(set) var faults: [String] = []

  /// Starts it; where `isWatched`, `ends` has every way in which that can be cut short.
  init(_ remains: SmallWorld.Remains, isWatched: Bool = false) throws {
    self.remains = remains
    host = CrashedHost(remains.disk, kept: remains.kept)
    host.disk.boot = remains.boot
    host.disk.wall -= remains.back
    let (host, recorder) = (host, EndRecorder(remains, host, during: "start"))
    if isWatched { host.disk.onStep = recorder.note }
    stores = try host.start()
    host.disk.onStep = nil
    ends = recorder.ends
    let alarms = stores.vault.findings.filter { if case .alarm = $0 { true } else { false } }
    expect(alarms.isEmpty, "a start sees tampering: \(alarms)")
    expect(stores.recorder.divergence == nil, "a start finds the ledger another")
    expect(stores.trust.trust != nil && stores.trust.missesBundle == nil, "the trust is gone")
    expect(stores.guards.definitions.map(\.unit) == CrashedHost.services, "a service is gone")
    host.disk.run { handle(.started(enrolled: stores.trust.trust != nil)) }
    expect(machine.state == .protected, "a start ends \(machine.state.name)")
    check()
  }

  private func expect(_ isSo: Bool, _ what: @autoclosure () -> String) {
    if !isSo { faults.append("\(what()); after \(remains.trail)") }
  }

  /// Does it; where `isWatched`, `ends` has every way in which it can be cut short.
  func act(_ act: SmallWorld.Act, isWatched: Bool) {
    let recorder = EndRecorder(remains, host, during: "\(act)")
    if isWatched {
      host.disk.onStep = { [unowned self] contents in
        recorder.remains = remains
        recorder.note(contents)
      }
    }
    host.disk.run {
      switch act {
      case .unprotectA, .unprotectBoth: unprotect(act)
      case .protect: handle(.protectAsked)
      case .windowOver: if machine.state.grant != nil { handle(.windowOver) }
      case .setBack, .setRight:
        remains.back = act == .setBack ? SmallWorld.stepBack : 0
        host.disk.wall = CrashedHost.enrolledAt - remains.back
        stores.timekeeper.tick()
      }
    }
    host.disk.onStep = nil
    check()
    recorder.remains = remains
    if isWatched { recorder.end(host.disk.contents) }
    ends = recorder.ends
  }

  // MARK: What the agent does, in its order

  private func unprotect(_ act: SmallWorld.Act) {
    guard let draft = SmallWorld.tokens[act] else { return }
    let before = Self.vital(host.disk.contents.seen)
    guard case .good(let token)? = try? host.judge(draft, stores) else {
      return expect(Self.vital(host.disk.contents.seen) == before, "a refusal changes something")
    }
    expect(stores.timekeeper.standing == .wall, "a bearer token counts while the clock does not")
    let units = Set(token.services ?? CrashedHost.services)
    guard let peer = CrashedHost.peer, (try? stores.timekeeper.take(token)) != nil,
      let record = try? stores.recorder.unprotectIntent(token, units: units, seconds: 60, peer)
    else { return expect(false, "an intent cannot be written") }
    remains.taken[token.jti, default: 0] += 1
    expect(remains.taken[token.jti] == 1, "\(token.jti) is good twice")
    handle(
      .tokenAccepted(
        Grant(token: token, services: units, endsAtBoottime: 0, endsAt: 0, record: record)))
  }

  private func handle(_ event: ProtectionMachine.Event) {
    for action in machine.handle(event) {
      switch action {
      case .engage:
        let open = machine.state.grant?.services ?? []
        remains.released.formIntersection(open)
        try? stores.guards.clearVoid(Set(CrashedHost.services).subtracting(open))
        handle(.engaged(.whole))
      case .release(let grant):
        guard (try? stores.guards.markVoid(grant.services)) != nil else {
          stores.recorder.unprotectResult(grant, failure: "test")
          return handle(.released(false))
        }
        remains.released.formUnion(grant.services)
        check()
        stores.recorder.unprotectResult(grant, failure: nil)
        handle(.released(true))
      case .announce: stores.recorder.event("state", outcome: machine.state.name)
      case .startWindow, .endWindow, .ignore: break
      case .dismiss: expect(false, "a profile was taken that nobody sent")
      case .retryWhenSettled: expect(false, "an event came while nothing was settled")
      }
    }
  }

  // MARK: What must hold

  private func check() {
    let kept = host.disk.contents.kept
    let intents = WorldKeys.intents(kept)
    for unit in remains.released {
      expect(
        intents.contains { $0.services.contains(unit) && remains.taken[$0.jti] == 1 },
        "\(unit) is let go of, and no power cut may lose why")
      expect(
        kept.names("\(CrashedHost.paths.state)/guards").contains("\(unit).void.json"),
        "\(unit) is let go of, and its old baseline holds after a power cut")
    }
    for (jti, _) in remains.taken {
      expect(intents.contains { $0.jti == jti }, "\(jti) can be lost")
      expect(stores.recorder.spent("eu-prod", jti) != nil, "\(jti) is not known as spent")
    }
    if case .unprotected(let grant) = machine.state {
      expect(grant.services == remains.released, "what is open is not what the state says")
    } else if machine.state.grant == nil {
      expect(remains.released.isEmpty, "\(machine.state.name), with shields down")
    }
  }

  /// What a refusal must leave as it is.
  private static func vital(_ tree: DiskTree) -> [[UInt8]?] {
    WorldKeys.places.flatMap { place in
      [tree.bytes("\(place)/seal"), tree.bytes("\(place)/trust.json")]
        + tree.names("\(place)/guards").map { Array($0.utf8) }
    }
  }

  /// Of the daemon as it runs, and of all that outlives it.
  func key(_ keys: WorldKeys) -> String {
    var now = remains
    (now.disk, now.kept) = (host.disk.contents, host.keptNow)
    let grant = machine.state.grant.map { "\($0.token.jti) \($0.services.sorted())" } ?? ""
    let spent = stores.vault.seal.spent.map(\.jti).sorted()
    return "\(machine.state.name) \(grant) \(spent) \(stores.timekeeper.clock.state.json.encoded())"
      + keys.key(of: now)
  }
}

/// Collects what may be found if everything ends at a step: the daemon alone, or the machine.
private final class EndRecorder {
  var remains: SmallWorld.Remains
  private let host: CrashedHost
  private(set) var ends: [SmallWorld.Remains] = []
  private let act: String
  private var noted: (step: Int, pending: Int)
  private var notedRemains: SmallWorld.Remains

  init(_ remains: SmallWorld.Remains, _ host: CrashedHost, during act: String) {
    self.remains = remains
    self.host = host
    self.act = act
    noted = (0, host.disk.contents.pendingCount)
    notedRemains = remains
  }

  /// Before each step, and in the middle of those that can be torn.
  func note(_ contents: DiskContents) {
    var killed = remains
    (killed.disk, killed.kept) = (contents, host.keptNow)
    killed.trail.append("killed at \(host.disk.steps) of \(act)")
    ends.append(killed)
    // In the middle, a power cut leaves what it may leave of the whole step.
    if host.disk.steps > noted.step { cutPower(contents) }
  }

  /// After the last one.
  func end(_ contents: DiskContents) {
    note(contents)
    cutPower(contents)
  }

  /// What may be found after a power cut now and could not a step ago, or where the world around the
  /// disk has changed, all of it.
  private func cutPower(_ contents: DiskContents) {
    let isOther =
      remains.released != notedRemains.released || remains.taken != notedRemains.taken
      || remains.back != notedRemains.back
    let isMore = contents.pendingCount > noted.pending
    (noted, notedRemains) = ((host.disk.steps, contents.pendingCount), remains)
    guard isOther || isMore else { return }
    let found =
      isOther
      ? contents.afterPowerCut(most: 24) : contents.afterPowerCutSinceLastChange(most: 12)
    for after in found {
      var cut = remains
      (cut.disk, cut.kept, cut.boot) = (after, nil, 2)
      cut.trail.append("power cut at \(host.disk.steps) of \(act)")
      ends.append(cut)
    }
  }
}
