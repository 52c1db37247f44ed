import AgentToken
import Cluster
import ClusterSQLite
import Issuing
import Linux
import Synchronization

/// A control plane over a database of its own, with a clock that is set by hand and two tenants:
/// `retail` and `bank`.
final class Office: Sendable {
  static let noon: Int64 = 1_790_000_000

  let plane: ControlPlane
  let store: any ClusterStore
  private let directory: String
  private let clock: Clock

  private final class Clock: Sendable {
    let time = Mutex(Office.noon)
    func now() -> Int64 { time.withLock { $0 } }
  }

  private init(
    _ plane: ControlPlane, _ store: any ClusterStore, _ directory: String, _ clock: Clock
  ) {
    self.plane = plane
    self.store = store
    self.directory = directory
    self.clock = clock
  }

  deinit {
    try? Files.removeTree(directory)
  }

  static func open(tenantOwners: Bool = true) async throws -> Office {
    let directory = "/tmp/holdfast-cluster-tests-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(directory, mode: 0o700)
    let clock = Clock()
    let issuer = Issuer(
      directory: "\(directory)/issuer",
      surroundings: Surroundings(
        now: { clock.now() }, random: { Random.bytes($0) }, describe: { "at \($0)" }))
    _ = try issuer.create(cluster: "lab", passphrase: nil)
    let store = try await SQLiteStore.open(path: "\(directory)/cluster.sqlite")
    var settings = ClusterSettings()
    settings.tenantOwners = tenantOwners
    let plane = ControlPlane(
      cluster: "lab", settings: settings, store: store, signer: OnlineSigner(issuer: issuer),
      authority: try CertificateAuthority.make(cluster: "lab").authority,
      secrets: Secrets(key: Random.bytes(32)), hub: LinkHub(), limits: AttemptLimits(),
      now: { clock.now() })
    let office = Office(plane, store, directory, clock)
    for tenant in ["retail", "bank"] {
      try await store.create(
        Tenant(id: tenant, name: tenant.uppercased(), createdAt: noon), audit: office.note)
    }
    return office
  }

  func advance(by seconds: Int64) { clock.time.withLock { $0 += seconds } }

  var note: AuditEntry {
    AuditEntry(
      at: Self.noon, account: "", name: "", source: "local", action: "test", tenant: nil,
      target: "")
  }

  /// Somebody who is logged in; whose password nobody knows.
  func caller(
    _ role: AccessRole, _ tenants: [String]? = nil, kind: Account.Kind = .person
  ) async throws -> Caller {
    Caller(account: try await account(role, tenants, kind: kind), source: "192.0.2.1")
  }

  func account(
    _ role: AccessRole, _ tenants: [String]? = nil, kind: Account.Kind = .person
  ) async throws -> Account {
    let account = Account(
      id: plane.secrets.newID(), kind: kind,
      name: "\(role.rawValue)-\(Hex.encode(Random.bytes(6)))",
      role: role, tenants: tenants, createdAt: Self.noon, createdBy: "")
    try await store.create(account, secretHash: "", audit: note)
    return account
  }

  func profile(_ id: String, tenant: String?) async throws {
    try await store.create(
      Profile(
        id: id, name: id, tenant: tenant, version: 1, settings: "{}", changedAt: Self.noon,
        changedBy: "test"), audit: note)
  }

  /// The audit log, the oldest first, without what tests put there themselves.
  func audited() async throws -> [AuditEntry] {
    try await store.audit(.all, AuditFilter(), PageRequest(limit: 500)).items.reversed()
      .filter { $0.action != "test" }
  }
}

/// The code of the refusal that `body` ends with; nil where it ends without one.
func refusalCode(_ body: () async throws -> Void) async throws -> Refusal.Code? {
  do {
    try await body()
    return nil
  } catch let refusal as Refusal {
    return refusal.code
  }
}
