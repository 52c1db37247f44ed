internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Ledger
package import Linux
internal import Protection
internal import Shields

/// The agent on a host: one thread, one loop, every transition a plain function call.
///
/// This file holds the parts and their beginning and end. What happens in between is beside it:
/// `Transitions/` carries out the state machine's actions, `Healing/` puts right what got past the
/// shields, `Requests/` answers the control socket.
package final class Agent {
  let loop: EventLoop
  let paths: Paths
  let scheme: any SignatureScheme
  let witness: Witness
  let vault: StateVault
  let challengeKey: ChallengeKey
  let trust: TrustStore
  let guards: GuardStore
  let releases: ReleaseStore
  let ledgerKey: LedgerKey
  let board: ShieldBoard
  let manager: Manager
  let recorder: Recorder
  let notices: NoticeStore
  let clocks: MachineClocks
  let timekeeper: Timekeeper
  let identity: MachineStore
  let waiting: Waiting
  /// What systemd gave us: its listening socket, and what it keeps for us.
  let passed: [(name: String, fd: FileDescriptor)]
  let additions = Turns()
  let statuses = Turns()
  /// Who waits for the next status.
  var statusReaders: [ControlConnection] = []
  /// Who asked to protect, and is told how that stands.
  var protectors: [ControlConnection] = []
  var server: ControlServer?
  /// The control socket's file, as it was when it was bound.
  var door: FileStatus?
  let settings: SettingsStore

  /// The state directory could not be used, and what stands in for it is empty.
  private(set) var stateProblem: String?

  var machine = ProtectionMachine()
  /// The state that was last put on record, and until when another of its kind waits.
  var recorded = ""
  var flapping: EventSource?
  /// When the state was last another, seconds since the epoch.
  var since = Clock.wall()
  var failures: FailureLimit
  /// Per unit: what stands in the way of its protection, as last found.
  var troubles: [String: [String]] = [:]
  var healing = Healing()
  var auditing = Auditing()
  var watchers: [ObjectIdentifier: ControlConnection] = [:]
  /// Called with the outcome of the engaging or releasing under way.
  var whenSettled: [() -> Void] = []
  /// The gid of those who may unprotect, and the uid of the link to the cluster.
  var members: UInt32?
  var courier: UInt32?
  var link = ClusterLink()
  /// A token said that there is a newer trust bundle than the one here.
  var bundleBehind = false
  var isReady = false
  /// An engaging is under way; in a window that is not for all services the state does not show it.
  var isEngaging = false
  var isStopping = false
  /// Services that end by themselves again and again.
  var crashes: [String: CrashLoop] = [:]
  var crashCheck: EventSource?
  /// What the host is going down for, as far as PID 1 has jobs for it: `reboot`, `poweroff`.
  var shutdown: String?
  /// SIGTERM came with a shutdown: nothing left but to see to its end.
  var isLingering = false
  var lookAgain: EventSource?

  /// Why nothing is engaged or put right for now, and what ends that.
  var heldBack: String?
  var holding: EventSource?
  var hasConsidered = false
  /// Of the window that is open, where somebody said `accept` in it.
  var acceptance: Acceptance?

  var fileWatch: FileWatch?
  private var mountWatch: MountWatch?
  var window: EventSource?
  var packagePoll: EventSource?
  var packageDeadline: UInt64 = 0
  /// Services with a void baseline wait for dpkg's lock.
  var awaitsPackages = false
  /// Services that run what an upgrade has replaced.
  var outdated: Set<String> = []
  /// What is engaged now waited for a dpkg run to end.
  var hasWaitedForPackages = false
  /// Signed upgrades that were found to be what they should, until all is engaged.
  var landings: [String: SignedUpgrade] = [:]
  /// When unit files that dpkg brought came into effect: microseconds since the epoch.
  var refreshed: [String: Int64] = [:]
  var processCheck: EventSource?
  var checks = 0
  var inspection: EventSource?
  var inspectionPending = false
  /// One is under way: PID 1 is reloading or has been asked.
  var isInspecting = false
  var pace = InspectionPace()
  let groups: ControlGroups
  /// CLOCK_MONOTONIC microseconds.
  let startedAt = Clock.monotonicMicroseconds()
  var lastRestart: [String: UInt64] = [:]
  /// When the last proving on the canary ended: CLOCK_MONOTONIC microseconds.
  var provedLast: UInt64 = 0
  /// The daemon before this one left the canary guarded.
  var hasLeftCanary = false
  private var signals: [EventSource] = []
  private var rest: EventSource?
  /// CLOCK_MONOTONIC microseconds.
  private var lastAlive: UInt64 = 0
  var clockTick: EventSource?
  var checkpointing: EventSource?
  /// What the last checkpoint was of: lines of the ledger, and CLOCK_BOOTTIME in microseconds.
  var signed: (size: Int64, at: UInt64) = (0, 0)

  package init(paths: Paths = Paths()) throws(SystemError) {
    let scheme = Ed25519()
    var usable = paths
    let stores: Stores
    passed = (try? ServiceManager.listenDescriptors()) ?? []
    do throws(SystemError) {
      stores = try Stores(paths, scheme, Witness(passed))
    } catch {
      // Never out of service over its own state: the shields stand as they are, the host is
      // degraded, and says why.
      usable.state = paths.fallbackState
      stores = try Stores(usable, scheme, Witness(passed))
      stateProblem = "\(paths.state) cannot be used: \(error)"
    }
    self.paths = usable
    self.scheme = scheme
    (witness, vault, recorder) = (stores.witness, stores.vault, stores.recorder)
    (trust, guards, board) = (stores.trust, stores.guards, stores.board)
    challengeKey = ChallengeKey(passed)
    releases = stores.releases
    ledgerKey = LedgerKey(vault: stores.vault)
    (clocks, timekeeper, identity) = (stores.clocks, stores.timekeeper, stores.identity)
    loop = try EventLoop()
    manager = Manager(loop: loop, path: paths.manager)
    waiting = Waiting(loop: loop)
    settings = SettingsStore(paths: usable, vault: vault)
    notices = NoticeStore(vault: vault)
    groups = ControlGroups(loop: loop)
    failures = FailureLimit(perMinute: settings.current.control.failedTokensPerMinute)
  }

  /// Runs until SIGTERM; services stay protected. Returns the exit status.
  package func run() throws(SystemError) -> Int32 {
    for signal in [Signals.terminate, Signals.interrupt] {
      signals.append(try loop.onSignal(signal) { [weak self] _ in self?.terminate() })
    }
    members = Groups.id(named: Own.group)
    courier = Users.id(named: Own.courier)
    link.load(paths.state, next: recorder.next)
    openControlSocket()
    _ = try loop.enableWatchdog()
    board.bench.baseline.goingOn = { [weak self] in self?.stillAlive() }
    fileWatch = FileWatch(loop: loop) { [weak self] in self?.inspectSoon() }
    mountWatch = MountWatch(loop: loop) { [weak self] in self?.inspectSoon() }
    manager.onUnitChanged = { [weak self] in self?.unitChanged($0, $1) }
    manager.onUnitFilesChanged = { [weak self] in self?.inspectSoon() }
    manager.onConnected = { [weak self] in self?.inspectSoon() }
    manager.onSilence = { [weak self] in self?.managerFellSilent($0) }
    manager.onShutdownJob = { [weak self] in self?.lookForShutdown() }
    groups.onChange = { [weak self] in self?.groupChanged($0) }
    groups.onLimit = { [weak self] in self?.inspectSoon() }
    manager.connect()
    recorder.sayRepairs()
    start()
    return try loop.run()
  }

  /// Whether this host was enrolled: its trust says so, or, where that is gone, what was left of
  /// protecting it. Trust that is missing is tampering, not a fresh host.
  var wasEnrolled: Bool {
    trust.trust != nil || trust.isDamaged || guards.definition(of: Own.service) != nil
      || board.bench.hasPlacements || board.guardsHoldfast
  }

  private func start() {
    noticeAuditBoot()
    if !noticeRescue() { sayFindings() }
    loadSettings()
    keepTime()
    nameLedgerKey()
    if wasEnrolled, trust.trust == nil {
      Announcer.say(
        .trouble, .error,
        "This host was enrolled, but its trust is gone or damaged. It stays protected; nobody can "
          + "be let in but through a rescue boot (holdfast=off on the kernel command line).")
    }
    recorder.event("started", outcome: wasEnrolled ? "enrolled" : "unmanaged")
    forgetLeftCanary()
    if let dismissal {
      handle(.startedDismissed(dismissal))
    } else {
      handle(.started(enrolled: wasEnrolled))
    }
    if machine.state == .unmanaged { ready() }
  }

  /// Tells PID 1 that protection stands, once.
  func ready() {
    guard !isReady else { return }
    isReady = true
    _ = try? ServiceManager.notify("READY=1\nSTATUS=\(statusLine)")
    inspectSoon()
    restSoon()
    stopLeftCanary()
  }

  /// In work that goes through many services in one round of the loop: late is not frozen.
  func stillAlive() {
    let now = Clock.monotonicMicroseconds()
    guard now > lastAlive + 500_000 else { return }
    lastAlive = now
    _ = try? ServiceManager.notify("WATCHDOG=1")
  }

  /// Gives back code that only changes of state need, once the last one is a second ago.
  func restSoon() {
    rest = try? loop.after(microseconds: 1_000_000, accuracy: 500_000) { ResidentCode.release() }
  }

  func stop() {
    guard !isStopping else { return }
    isStopping = true
    _ = try? ServiceManager.notify("STOPPING=1")
    recorder.event("stopped", outcome: machine.state.name)
    timekeeper.tick()
    recorder.flushFolded()
    recordCountedLinks()
    link.save(paths.state, now: Clock.wall())
    publishCheckpoint()
    recorder.close()
    server?.close()
    board.bench.baseline.saveStamps()
    loop.exit(code: 0)
  }

  // MARK: The state machine

  /// Takes an event and carries out what follows from it.
  func handle(_ event: ProtectionMachine.Event) {
    let before = machine.state.name
    for action in machine.handle(event) {
      switch action {
      case .engage: engage()
      case .release(let grant): release(grant)
      case .dismiss: dismiss()
      case .startWindow(let grant): startWindow(grant)
      case .endWindow: window = nil
      case .announce: announce(from: before)
      case .retryWhenSettled:
        waiting.add(
          .other, patience: Self.patience, expired: {}, run: { [weak self] in self?.handle(event) })
      case .ignore:
        Announcer.say(
          .trouble, .warning, "An event made no sense in the state \(before) and was left alone.",
          [("EVENT", "\(event)")])
      }
    }
    settle()
  }

  /// How long a request that closes waits for its turn: microseconds.
  static let patience: UInt64 = 60_000_000
  /// How long one that opens does, by contract.
  static let releasePatience: UInt64 = 5_000_000

  /// Whether a request that changes the state can be taken now.
  var isFree: Bool { machine.state.isSettled && !isEngaging }

  /// Answers whoever waited for this, then takes the next request.
  func settle() {
    guard isFree else { return }
    let done = whenSettled
    whenSettled = []
    for run in done { run() }
    waiting.drain { isFree }
    if inspectionPending, isFree { inspectSoon() }
  }
}

extension Ed25519: SignatureScheme {}
