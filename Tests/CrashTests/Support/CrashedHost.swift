import AgentToken
import Glibc
import JSON
import Ledger
import Linux
import Protection
import SimulatedDisk
import TestSupport
import Testing

@testable import Agent

/// An enrolled host with two services, on a disk that fails, with the daemon's real stores.
final class CrashedHost {
  static let paths: Paths = {
    var paths = Paths()
    paths.state = "/simulated/var"
    paths.secondState = "/simulated/etc"
    paths.configuration = "/simulated/configuration"
    return paths
  }()
  static let authority = MintingAuthority()
  /// When the host was enrolled, seconds since the epoch.
  static let enrolledAt: Int64 = 1_900_000_000
  static let services = [Own.service, "a.service"]

  let disk: SimulatedDisk
  /// What PID 1 keeps for the daemon; nil in a new boot.
  private(set) var kept: [UInt8]?
  private var lastKept: [UInt8]?
  private var witness: Witness?
  private var stores: Stores?

  init(_ disk: DiskContents = DiskContents(), kept: [UInt8]? = nil) {
    self.disk = SimulatedDisk(disk)
    self.kept = kept
    self.disk.onStop = { [weak self] in self?.keep() }
  }

  /// What the daemon handed to PID 1, as it is now.
  private func keep() { kept = keptNow }

  /// The same without ending the daemon.
  var keptNow: [UInt8]? {
    guard let memory = witness?.descriptor,
      let now = try? memory.read(at: 0, upTo: Self.witnessSize)
    else { return kept }
    // One copy for all who ask while it stays the same: explorations ask thousands of times.
    if lastKept.map({ Self.isSame($0, now) }) != true { lastKept = now }
    return lastKept
  }

  private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && memcmp(left, right, left.count) == 0
  }

  private static let witnessSize = 2 * Slots.size + 8

  /// Starts the daemon's stores, as they are started after whatever came before.
  ///
  /// - Parameter reboot: PID 1 is another, too.
  func start(reboot: Bool = false, fault: SimulatedDisk.Fault? = nil) throws -> Stores {
    if !disk.hasStopped { keep() }
    (stores, witness) = (nil, nil)
    disk.restart()
    disk.fault = fault
    if reboot {
      kept = nil
      disk.boot += 1
      disk.boottime = 10
    }
    var passed: [(name: String, fd: FileDescriptor)] = []
    if let kept {
      let memory = try SharedMemory(name: "test", size: Self.witnessSize)
      memory.write(kept, at: 0)
      passed = [("witness-a", memory.descriptor)]
    }
    return try disk.run {
      let witness = Witness(passed)
      self.witness = witness
      let stores = try Stores(Self.paths, SodiumSignatures(), witness)
      self.stores = stores
      return stores
    }
  }

  /// The host as it is after a power cut, in every way that it may be, or in some of them.
  func afterPowerCut(most: Int = isThorough ? .max : 3) -> [CrashedHost] {
    disk.contents.afterPowerCut(most: most).map { CrashedHost($0) }
  }

  /// `make test-long` takes the time that `make test` has not.
  static let isThorough = Environment.value(of: "HOLDFAST_LONG") != nil

  /// Enrolled, with both services, everything on the disk.
  static let enrolled: DiskContents = {
    let host = CrashedHost()
    do {
      let stores = try host.start()
      try host.disk.run {
        try stores.trust.enrol(trust())
        stores.timekeeper.begin(try trust().bundle)
        for service in services { try stores.guards.store(definition(service)) }
        stores.recorder.event("enrolled", outcome: "eu-prod")
        stores.recorder.close()
      }
    } catch {
      Issue.record("cannot enrol: \(error)")
    }
    return host.disk.contents.synced
  }()

  static func trust(bundle sequence: Int64 = 41) throws -> TrustStore.Trust {
    TrustStore.Trust(
      identity: try authority.identity(), enrolment: "AAAAAAAAAAAAAAAAAAAAAA",
      bundle: try authority.enrolled(
        authority.bundle(sequence: sequence, issuedAt: enrolledAt - 86_400)))
  }

  static func token(jti: String = "jti-0123456789abcdef") -> JWSDraft {
    authority.token(jti: jti, issuedAt: enrolledAt - 60)
  }

  static func definition(_ unit: String, description: String = "a service") -> ServiceDefinition {
    ServiceDefinition(
      unit: unit, description: description,
      units: [
        ProtectedUnit(
          name: unit,
          fragment: KeptFile(
            path: "/usr/lib/systemd/system/\(unit)", hash: String(repeating: "a", count: 64),
            size: 1,
            mode: 0o644, uid: 0, gid: 0), dropIns: [], links: [], shadows: [], ownDirectories: [],
          type: "simple", ownEnvironment: [])
      ], programs: [], settings: [], package: nil, upgrades: .token,
      addedBy: AddedBy(uid: 0, loginUID: nil, at: unit == Own.service ? 1 : 2))
  }

  /// Somebody who asks: this very process.
  static let peer: Peer? = {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return nil }
    defer { for end in ends { close(end) } }
    return try? Peer.of(socket: ends[0])
  }()

  // MARK: What is to be found after a start

  /// What the verifier says to a token now.
  func judge(_ token: JWSDraft, _ stores: Stores) throws(Refusal) -> Verdict {
    guard let trust = stores.trust.trust else { throw Refusal.trustMissing }
    return try TokenVerifier(
      bundle: trust.bundle, identity: trust.identity, scheme: SodiumSignatures()
    ).judge(token.bytes, at: stores.timekeeper.time(), spent: stores.recorder.spent)
  }

  func isSpent(_ token: JWSDraft, _ stores: Stores) -> Bool {
    disk.run {
      guard case .spent = try? judge(token, stores) else { return false }
      return true
    }
  }

  /// Records on the disk, as anybody would read them.
  func records() -> [JSON] {
    let bytes = disk.contents.seen.bytes("\(Self.paths.state)/ledger/ledger.jsonl") ?? []
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON.parse(Array($0)) }
  }

  /// What must hold of every start, whatever happened before it: no tampering is seen where there
  /// was none, the host is one that was enrolled, its ledger is whole, and nothing is left to mend.
  func expectWhole(
    _ stores: Stores, _ what: @autoclosure () -> String,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let alarms = stores.vault.findings.filter { if case .alarm = $0 { true } else { false } }
    #expect(alarms.isEmpty, "\(what())", sourceLocation: location)
    #expect(stores.recorder.divergence == nil, "\(what())", sourceLocation: location)
    #expect(stores.timekeeper.standing == .wall, "\(what())", sourceLocation: location)
    #expect(stores.trust.trust != nil, "\(what())", sourceLocation: location)
    #expect(!stores.trust.isDamaged, "\(what())", sourceLocation: location)
    #expect(stores.trust.missesBundle == nil, "\(what())", sourceLocation: location)
    #expect(
      stores.guards.definitions.map(\.unit) == Self.services, "\(what())", sourceLocation: location)
    #expect(stores.guards.damaged.isEmpty, "\(what())", sourceLocation: location)
    let numbers = records().compactMap { $0["seq"]?.integer }
    #expect(
      numbers == Array(1...Int64(max(1, numbers.count))), "\(what())", sourceLocation: location)
    let again = try start()
    #expect(again.vault.findings.isEmpty, "again: \(what())", sourceLocation: location)
  }
}
