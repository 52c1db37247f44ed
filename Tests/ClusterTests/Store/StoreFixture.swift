import AgentToken
import Cluster
import ClusterSQLite
import Linux

/// A database in a directory of its own, removed when the test lets go.
final class StoreFixture: Sendable {
  static let noon: Int64 = 1_790_000_000

  let directory: String
  let store: any ClusterStore

  var path: String { "\(directory)/cluster.sqlite" }

  init() async throws {
    directory = "/tmp/holdfast-store-tests-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(directory, mode: 0o700)
    store = try await SQLiteStore.open(path: "\(directory)/cluster.sqlite")
  }

  /// With the tenants retail and wholesale.
  static func withTenants() async throws -> StoreFixture {
    let fixture = try await StoreFixture()
    for tenant in ["retail", "wholesale"] {
      try await fixture.store.create(
        Tenant(id: tenant, name: tenant, createdAt: noon), audit: entry(tenant: tenant))
    }
    return fixture
  }

  deinit { try? Files.removeTree(directory) }

  /// Every entry of the audit log, the oldest first.
  func entries() async throws -> [AuditEntry] {
    try await all { try await self.store.audit(.all, AuditFilter(), $0) }.reversed()
  }
}

/// All of a list, page by page.
func all<Item>(
  limit: Int = PageRequest.largest, _ list: (PageRequest) async throws -> Page<Item>
) async throws -> [Item] {
  var items: [Item] = []
  var after: String?
  repeat {
    let page = try await list(PageRequest(limit: limit, after: after))
    items += page.items
    after = page.next
  } while after != nil
  return items
}

/// The code of what is refused; nil where nothing is.
func code(_ body: () async throws -> Void) async -> Refusal.Code? {
  await refusal(body)?.code
}

func refusal(_ body: () async throws -> Void) async -> Refusal? {
  do {
    try await body()
    return nil
  } catch {
    return error as? Refusal ?? Refusal(Refusal.Code(rawValue: "\(error)"), "")
  }
}

func entry(
  _ action: String = "test.do", at: Int64 = StoreFixture.noon, account: String = "a1",
  name: String = "ana", tenant: String? = nil, target: String = "target"
) -> AuditEntry {
  AuditEntry(
    at: at, account: account, name: name, source: "192.0.2.1", action: action, tenant: tenant,
    target: target, details: #"{"why":"test"}"#)
}

func person(
  _ name: String, _ role: AccessRole = .tenantOwner, tenants: [String]? = ["retail"]
) -> Account {
  Account(
    id: "id-\(name)", kind: .person, name: name, role: role, tenants: tenants,
    createdAt: StoreFixture.noon, createdBy: "setup")
}

func registration(
  _ id: String, tenant: String = "retail", description: String = "", uses: Int64 = 1,
  expires: Int64? = StoreFixture.noon + 3600, createdBy: String = "a1", creator: String = "ana",
  profile: String? = nil
) -> RegistrationToken {
  RegistrationToken(
    id: id, tenant: tenant, description: description, profile: profile,
    allowsHighAssurance: true, managesProfile: false, uses: uses, usesLeft: uses,
    createdAt: StoreFixture.noon, expires: expires, createdBy: createdBy, creator: creator,
    hint: String(id.prefix(2)), secretHash: "hash of \(id)", sealedSecret: [0, 1, 255])
}

func host(
  _ agent: String, id: String? = nil, tenant: String = "retail",
  state: AgentRecord.State = .pending, owner: String = "a1", cloneOf: String? = nil
) -> AgentRecord {
  AgentRecord(
    id: id ?? "id-\(agent)", tenant: tenant, agent: agent, hostname: "\(agent).example.com",
    machine: "machine of \(agent)", cloneOf: cloneOf, state: state,
    enrolledAt: StoreFixture.noon, owner: owner, ownerName: "ana", registrationToken: "r1",
    allowsHighAssurance: true, ownProfile: nil, keyHash: "key", certificateSerial: "01",
    certificateExpires: StoreFixture.noon + 86400)
}

func report(_ protection: String = "protected", doctor: String? = nil) -> AgentReport {
  AgentReport(
    protection: protection, version: "1.0.0", clock: "trusted", enrolment: "e1",
    bundleSequence: 3, revocationsSequence: 4, profileVersion: 5,
    status: #"{"state":"protected"}"#, doctor: doctor, at: StoreFixture.noon + 60)
}

func issued(
  _ jti: String, scope: Scope = .agent, tenant: String? = "retail", agent: String? = "web-1",
  issuedBy: String = "a1", expires: Int64 = StoreFixture.noon + 900
) -> IssuedTokenRecord {
  IssuedTokenRecord(
    jti: jti, scope: scope, tenant: tenant, agent: agent, kid: "k1", role: .agentInstaller,
    answersChallenge: false, window: 600, services: ["nginx.service"],
    issuedAt: StoreFixture.noon, expires: expires, issuedBy: issuedBy, issuer: "ana")
}

func alarm(
  _ id: String, _ kind: Alarm.Kind = .ledgerGap, tenant: String = "retail",
  agent: String = "id-web-1", message: String = "Records are missing."
) -> Alarm {
  Alarm(
    id: id, at: StoreFixture.noon, kind: kind, tenant: tenant, agent: agent, message: message)
}

func profile(
  _ id: String, name: String? = nil, tenant: String? = nil, version: Int64 = 1,
  settings: String = "{}"
) -> Profile {
  Profile(
    id: id, name: name ?? id, tenant: tenant, version: version, settings: settings,
    changedAt: StoreFixture.noon, changedBy: "ana")
}
