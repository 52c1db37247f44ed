import AgentToken
import Issuing
import JSON
import Ledger
import Link
import LinkMessages
import Linux
import Synchronization

/// holdfastd as its link knows it. What it is handed it verifies with holdfastd's own verifiers, takes
/// what is newer and refuses what is older; it has a ledger, and nothing to protect.
final class SimulatedDaemon: Host {
  let hostname: String
  let machine: String
  private let identity: Identity
  private let enrolment = Base64URL.encode(Random.bytes(16))
  private let state: Mutex<State>

  struct State {
    var bundle: TrustBundle
    var revocations: (sequence: Int64, payload: String) = (0, "")
    var revoked: Revocations
    var profile: SignedProfile?
    /// When the last profile came, in microseconds of the monotonic clock.
    var profileCame: UInt64 = 0
    /// Codes of what was refused.
    var refusals: [String: Int] = [:]
    /// Lines, with their line feeds.
    var ledger: [[UInt8]] = []
    /// Whether the link may have the ledger.
    var handsOutLedger = true
    var isConnected = false
  }

  /// - Throws: what a host refuses an enrolment with.
  init(_ reply: EnrolmentReply, hostname: String, machine: String) throws(Refusal) {
    self.hostname = hostname
    self.machine = machine
    identity = try Identity(cluster: reply.cluster, tenant: reply.tenant, agent: reply.agent)
    let root = try PublicKey(jwk: reply.root, scheme: Libsodium())
    let bundle = try TrustBundle.enrol(
      jws: Array(reply.bundle.utf8), root: root, scheme: Libsodium())
    state = Mutex(State(bundle: bundle, revoked: bundle.revoked))
  }

  func read<Result: Sendable>(_ body: (State) -> Result) -> Result {
    state.withLock { body($0) }
  }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  var isConnected: Bool { read(\.isConnected) }
  var profileVersion: Int64 { read { $0.profile?.version ?? 0 } }
  var jws: String { read(\.bundle.jws) }

  // MARK: Its control socket

  func ask(_ line: String) async throws(Refusal) -> JSON {
    let came = Clock.monotonicMicroseconds()
    let words = line.split(separator: " ", maxSplits: 1)
    let text = Array((words.dropFirst().first ?? "").utf8)
    switch words.first ?? "" {
    case "link":
      let next = read { $0.ledger.count + 1 }
      return [
        "ok": true, "state": "protected", "reprotected": false, "nonce": .null,
        "next": .integer(Int64(next)), "machine": .string(machine),
      ]
    case "status": return status
    case "bundle": return try take { (state) throws(Refusal) in try Self.bundle(text, &state) }
    case "revocations":
      return try take { (state) throws(Refusal) in try revocations(text, &state) }
    case "profile":
      return try take { (state) throws(Refusal) in
        let isNew = try profile(text, &state)
        if isNew { state.profileCame = came }
        return isNew
      }
    default: return ["ok": true]
    }
  }

  private func take(
    _ body: (inout State) throws(Refusal) -> Bool
  ) throws(Refusal) -> JSON {
    try state.withLock { (state) throws(Refusal) in
      do throws(Refusal) {
        return ["ok": true, "changed": .bool(try body(&state))]
      } catch {
        state.refusals[error.code.rawValue, default: 0] += 1
        throw error
      }
    }
  }

  private static func bundle(_ text: [UInt8], _ state: inout State) throws(Refusal) -> Bool {
    guard case .newer(let next) = try state.bundle.successor(jws: text, scheme: Libsodium()) else {
      return false
    }
    state.bundle = next
    state.revoked = state.revoked.union(next.revoked)
    return true
  }

  private func revocations(_ text: [UInt8], _ state: inout State) throws(Refusal) -> Bool {
    let list = try verifier(state).revocations(text, after: state.revocations)
    guard let list else { return false }
    state.revocations = (list.sequence, list.payloadText)
    state.revoked = state.revoked.union(list.revoked)
    return true
  }

  private func profile(_ text: [UInt8], _ state: inout State) throws(Refusal) -> Bool {
    let profile = try verifier(state).profile(
      text, enrolment: enrolment, after: (state.profile, state.profile?.version ?? 0),
      at: TrustedTime(now: Clock.wall()))
    guard let profile else { return false }
    state.profile = profile
    return true
  }

  private func verifier(_ state: State) -> ArtefactVerifier {
    ArtefactVerifier(
      bundle: state.bundle, identity: identity, revoked: state.revoked, scheme: Libsodium())
  }

  private var status: JSON {
    let (bundle, revocations, version) = read {
      ($0.bundle.sequence, $0.revocations.sequence, $0.profile?.version)
    }
    return [
      "ok": true, "state": "protected", "version": "soak", "clock": "wall",
      "enrolment": .string(enrolment), "bundle": ["seq": .integer(bundle)],
      "revocations": .integer(revocations),
      "profile": version.map { ["version": .integer($0)] } ?? .null,
    ]
  }

  func records(since sequence: Int64) async throws(Refusal) -> LedgerBatch {
    read { state in
      let start = max(Int(sequence), 1) - 1
      guard state.handsOutLedger, start < state.ledger.count else {
        return LedgerBatch(next: sequence)
      }
      let piece = state.ledger[start..<min(start + LinkLimits.records, state.ledger.count)]
      return LedgerBatch(
        lines: Array(piece.joined()), count: piece.count, next: Int64(start + piece.count + 1))
    }
  }

  func holdUp(
    cluster: String, _ onReply: @escaping @Sendable (JSON) async -> Void
  ) async throws {
    change { $0.isConnected = true }
    defer { change { $0.isConnected = false } }
    await onReply(try await ask("link up \(cluster)"))
    try await Task.sleep(for: .seconds(86_400))
  }

  func watch(_ onChange: @escaping @Sendable () async -> Void) async throws {
    try await Task.sleep(for: .seconds(86_400))
  }
}
