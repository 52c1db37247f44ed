import AgentToken
import Cluster
import ClusterSQLite
import Issuing
import JSON
import Ledger
import LinkMessages
import Linux
import Synchronization

/// A control plane on a real database and a real issuer, in a directory of its own, with a clock that
/// moves only when it is told to.
final class FleetWorld: Sendable {
  static let noon: Int64 = 1_790_000_000
  static let cluster = "eu-prod"

  let root: String
  let plane: ControlPlane
  let issuer: Issuer

  init(settings: ClusterSettings = ClusterSettings()) async throws {
    root = "/tmp/holdfast-fleet-tests-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(root, mode: 0o700)
    let clock = Clockwork()
    issuer = Issuer(
      directory: root + "/issuer",
      surroundings: Surroundings(
        now: { clock.now }, random: { Random.bytes($0) }, describe: { "at \($0)" }))
    _ = try issuer.create(cluster: Self.cluster, passphrase: nil)
    _ = try issuer.addKey(KeyRequest(role: .cluster))
    _ = try issuer.addKey(KeyRequest(role: .cluster, loosens: true))
    plane = ControlPlane(
      cluster: Self.cluster, settings: settings,
      store: try await SQLiteStore.open(path: root + "/cluster.sqlite"),
      signer: OnlineSigner(issuer: issuer),
      authority: try CertificateAuthority.make(cluster: Self.cluster).authority,
      secrets: Secrets(key: Random.bytes(32)), hub: LinkHub(), limits: AttemptLimits(),
      now: { clock.now })
    self.clockwork = clock
    for tenant in ["retail", "bank"] {
      try await plane.store.create(
        Tenant(id: tenant, name: tenant, createdAt: Self.noon), audit: Self.audit)
    }
  }

  private let clockwork: Clockwork

  final class Clockwork: Sendable {
    private let time = Mutex(FleetWorld.noon)
    var now: Int64 { time.withLock { $0 } }
    func advance(_ seconds: Int64) { time.withLock { $0 += seconds } }
  }

  var store: any ClusterStore { plane.store }
  func advance(_ seconds: Int64) { clockwork.advance(seconds) }

  deinit { try? Files.removeTree(root) }

  static let audit = AuditEntry(
    at: noon, account: "", name: "", source: "local", action: "test", tenant: nil, target: "")

  /// Somebody of a role.
  func caller(
    _ role: AccessRole = .siteAdministrator, tenants: [String]? = nil, id: String = "a-1"
  ) -> Caller {
    Caller(
      account: Account(
        id: id, kind: .person, name: "\(role.rawValue) person", role: role, tenants: tenants,
        createdAt: Self.noon, createdBy: ""),
      source: "192.0.2.1")
  }

  /// An agent that is enrolled, and its host.
  func host(
    _ agent: String = "web-03", tenant: String = "retail", owner: String = "a-1",
    registrationToken: String = "r-1", ownProfile: String? = nil, labels: [String: String] = [:]
  ) async throws -> FleetHost {
    let record = AgentRecord(
      id: "\(tenant)-\(agent)", tenant: tenant, agent: agent, hostname: "\(agent).example",
      machine: "machine-of-\(agent)", state: .active, enrolledAt: Self.noon, owner: owner,
      ownerName: "somebody", registrationToken: registrationToken, allowsHighAssurance: true,
      ownProfile: ownProfile, labels: labels, keyHash: "00", certificateSerial: "01",
      certificateExpires: Self.noon + 86_400)
    try await store.add(record, alarm: nil)
    return try FleetHost(record, self)
  }

  func openAlarms(_ kind: Alarm.Kind? = nil) async throws -> [Alarm] {
    try await store.alarms(.all, isOpen: true, PageRequest()).items
      .filter { kind == nil || $0.kind == kind }
  }

  func actions() async throws -> [String] {
    try await store.audit(.all, AuditFilter(), PageRequest()).items.map(\.action)
  }
}

/// A host as its cluster sees it: it takes what is signed with the real verifiers, and has a real
/// ledger.
final class FleetHost {
  let id: String
  let agent: String
  let world: FleetWorld
  let identity: Identity
  let enrolment = "enrolment-1"
  var bundle: TrustBundle
  var revoked: Revocations
  var revocations: Int64 = 0
  var profile: SignedProfile?
  var profileVersion: Int64 = 0
  var state = "protected"
  var mode = "enforce"
  var clock = "wall"
  var time: SignedTime?
  var told: [String] = []
  let ledger: Ledger
  let key = KeyPair.generate()
  static let nonce = "AAECAwQFBgcICQoLDA0ODw"

  init(_ record: AgentRecord, _ world: FleetWorld) throws {
    id = record.id
    agent = record.agent
    self.world = world
    identity = try Identity(
      cluster: FleetWorld.cluster, tenant: record.tenant, agent: record.agent)
    bundle = try world.issuer.bundle()
    revoked = bundle.revoked
    ledger = try Ledger.open(
      directory: "\(world.root)/ledger-\(record.id)", now: FleetWorld.noon, reservedUnlocks: 1
    ).ledger
  }

  /// Its record, as it is now.
  func record() async throws -> AgentRecord {
    guard let record = try await world.store.agent(id) else { throw Missing() }
    return record
  }

  struct Missing: Error {}

  // MARK: Up

  func report(
    doctor: JSON? = nil, checkpoint: String? = nil, nonce: String? = nil, next: Int64? = nil
  ) -> Report {
    Report(
      machine: "machine-of-\(agent)", hostname: "\(agent).example",
      status: [
        "ok": true, "state": .string(state), "version": "1.2.3",
        "enrolment": .string(enrolment), "mode": .string(mode),
        "services": ["example.service": ["state": "protected"]], "clock": .string(clock),
        "profile": profileVersion == 0 ? .null : ["version": .integer(profileVersion)],
        "revocations": .integer(revocations), "bundle": ["seq": .integer(bundle.sequence)],
      ], doctor: doctor, checkpoint: checkpoint, nonce: nonce, next: next)
  }

  func say(_ report: Report? = nil) async throws {
    try await world.plane.take(report: report ?? self.report(), from: record())
  }

  func post(_ lines: [[UInt8]]) async throws -> Int64 {
    try await world.plane.take(
      ledger: lines.flatMap { $0 + [UInt8(ascii: "\n")] }, from: record())
  }

  /// Sends records of its ledger from one on.
  func send(since: Int64, limit: Int = 256) async throws -> Int64 {
    try await post(try ledger.lines(since: since, limit: limit).map(\.bytes))
  }

  // MARK: Down

  func connect() async throws -> AgentLink { try await world.plane.connect(record()) }

  /// Takes what waits on a link. There must be something.
  @discardableResult
  func take(_ link: AgentLink) async throws -> [Downward] {
    guard let bytes = await link.next() else { throw Missing() }
    var taken: [Downward] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let message = Downward(line: Array(line)) else { throw Missing() }
      taken.append(message)
      try take(message)
    }
    return taken
  }

  private func take(_ message: Downward) throws {
    guard case .artefact(let type, let jws) = message else {
      told.append(message.json["kind"]?.string ?? "")
      return
    }
    told.append(type.verb)
    let text = Array(jws.utf8)
    let verifier = ArtefactVerifier(
      bundle: bundle, identity: identity, revoked: revoked, scheme: Libsodium())
    switch type {
    case .bundle:
      guard case .newer(let next) = try bundle.successor(jws: text, scheme: Libsodium()) else {
        return
      }
      bundle = next
    case .revocations:
      guard let list = try verifier.revocations(text, after: (revocations, "")) else { return }
      revocations = list.sequence
      revoked = revoked.union(list.revoked)
    case .profile:
      let next = try verifier.profile(
        text, enrolment: enrolment, after: (profile, profileVersion),
        at: TrustedTime(now: world.plane.now()))
      if let next { (profile, profileVersion) = (next, next.version) }
    case .time: time = try verifier.time(text) { $0 == Self.nonce ? .good(elapsed: 0) : .unknown }
    case .release: break
    }
  }

  // MARK: Its ledger

  @discardableResult
  func note(_ event: String, count: Int = 1, details: [JSON.Member] = []) throws -> Int64 {
    var last: Int64 = 0
    for _ in 0..<count {
      last = try ledger.append(
        LedgerEvent(
          event: event, wall: FleetWorld.noon, boottime: 1_000_000, bootID: "b0a7",
          peer: LedgerPeer(
            pid: 7, uid: 0, gid: 0, loginuid: 1000, tty: "pts/0", exe: "/bin/\u{7F}é"),
          outcome: "ok", clock: "wall", details: details))
    }
    return last
  }

  @discardableResult
  func unprotect(jti: String, issuer: String = FleetWorld.cluster) throws -> Int64 {
    try ledger.append(
      LedgerEvent(
        event: LedgerEvent.unprotect, phase: .intent, wall: FleetWorld.noon, boottime: 1_000_000,
        bootID: "b0a7", iss: issuer, kid: "k", jti: jti, exp: FleetWorld.noon + 900,
        outcome: "ok", clock: "wall"))
  }

  var origin: String { "holdfast/\(FleetWorld.cluster)/\(agent)" }

  /// Says in its ledger which key signs its checkpoints.
  func nameKey() throws {
    let key = CheckpointKey(name: origin, publicKey: key.publicKey)
    try note(LedgerEvent.key, details: [.init(name: "key", value: .string(key.text))])
  }

  func checkpoint(_ head: LedgerHead? = nil, by pair: KeyPair? = nil) -> String? {
    Checkpoint(origin: origin, head: head ?? ledger.head)?.signed(by: pair ?? key)
  }
}

/// The refusal that `body` ends with; nil where it ends without one.
func refused(_ body: () async throws -> Void) async -> Refusal? {
  do {
    try await body()
    return nil
  } catch {
    return error as? Refusal
  }
}
