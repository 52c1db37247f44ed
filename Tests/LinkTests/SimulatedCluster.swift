import AgentToken
import JSON
import Link
import LinkMessages
import Synchronization
import Testing

/// A cluster without a network: what it says is fed to it, what it is told it keeps.
final class SimulatedCluster: Wire {
  struct State {
    var connections: [AsyncStream<[UInt8]>.Continuation] = []
    var posts: [(path: String, body: [UInt8])] = []
    var machines: Set<String> = []
    var answers: [String: Result<JSON, Refusal>] = [:]
    /// All below it is kept.
    var next: Int64 = 0
    /// What connections are refused with.
    var refusal: Refusal?
  }

  let state = Mutex(State())

  func listen(
    machine: String, _ onLine: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    if let refusal = state.withLock(\.refusal) { throw refusal }
    let (lines, continuation) = AsyncStream<[UInt8]>.makeStream()
    state.withLock {
      $0.connections.append(continuation)
      $0.machines.insert(machine)
    }
    for await line in lines { try await onLine(line) }
    try Task.checkCancellation()
  }

  func post(
    _ path: String, _ type: ContentType, _ body: [UInt8], machine: String?
  ) async throws(Refusal) -> JSON {
    let answer = state.withLock { state in
      state.posts.append((path, body))
      state.machines.insert(machine ?? "none")
      return state.answers[path]
    }
    if let answer { return try answer.get() }
    guard path == LinkPath.ledger else { return [:] }
    let records = body.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSON.parse(Array($0))
    }
    let next = (records.last?["seq"]?.integer ?? 0) + 1
    return ["acknowledged": .integer(next)]
  }

  func answer(_ path: String, _ answer: Result<JSON, Refusal>?) {
    state.withLock { $0.answers[path] = answer }
  }

  /// Says something on the newest connection.
  func say(_ message: Downward) { say(message.json.encoded()) }

  func say(_ line: String) {
    _ = state.withLock { $0.connections.last?.yield(Array(line.utf8)) }
  }

  func hangUp() { state.withLock { $0.connections.last?.finish() } }

  var connections: Int { state.withLock { $0.connections.count } }

  func posts(_ path: String) -> [String] {
    state.withLock { $0.posts }.filter { $0.path == path }.map {
      String(decoding: $0.body, as: UTF8.self)
    }
  }

  var reports: [Report] {
    posts(LinkPath.report).compactMap { (try? JSON.parse(Array($0.utf8))).flatMap(Report.init) }
  }
}

/// A host without a daemon.
final class SimulatedHost: Host {
  struct State {
    var asked: [String] = []
    /// `up` and `down`, in the order in which they were said.
    var presence: [String] = []
    var holders: [AsyncStream<Void>.Continuation] = []
    var watchers: [AsyncStream<Void>.Continuation] = []
    var records: [String] = []
    var refusals: [String: Refusal] = [:]
  }

  let state = Mutex(State())
  let hostname = "here"

  func ask(_ line: String) async throws(Refusal) -> JSON {
    let verb = String(line.prefix { $0 != " " })
    let refusal = state.withLock { state in
      state.asked.append(line)
      return state.refusals[verb]
    }
    if let refusal { throw refusal }
    return switch verb {
    case "link": ["ok": true, "machine": "0123456789abcdef"]
    case "status": ["ok": true, "state": "protected"]
    case "checkpoint": ["ok": true, "checkpoint": "a note"]
    case "doctor": ["ok": true, "attacks": []]
    default: ["ok": true, "changed": true]
    }
  }

  func records(since sequence: Int64) async throws(Refusal) -> LedgerBatch {
    let all = state.withLock { $0.records }
    var batch = LedgerBatch(next: sequence)
    for (index, line) in all.enumerated() where index + 1 >= sequence && batch.count < 2 {
      batch.lines += Array((line + "\n").utf8)
      batch.count += 1
      batch.next = Int64(index) + 2
    }
    return batch
  }

  func holdUp(
    cluster: String, _ onReply: @escaping @Sendable (JSON) async -> Void
  ) async throws {
    let (open, continuation) = AsyncStream<Void>.makeStream()
    let number = state.withLock { state in
      state.presence.append("up \(cluster)")
      state.holders.append(continuation)
      return state.holders.count
    }
    await onReply([
      "ok": true, "nonce": .string("nonce-\(number)"),
      "reprotected": false, "next": .integer(Int64(state.withLock { $0.records.count }) + 1),
    ])
    for await _ in open {}
    state.withLock { $0.presence.append("down") }
    throw Refusal(.hostUnreachable, "gone")
  }

  func watch(_ onChange: @escaping @Sendable () async -> Void) async throws {
    let (changes, continuation) = AsyncStream<Void>.makeStream()
    state.withLock { $0.watchers.append(continuation) }
    for await _ in changes { await onChange() }
    throw Refusal(.hostUnreachable, "gone")
  }

  func record(_ count: Int) {
    state.withLock { state in
      for _ in 0..<count {
        // The blank tells whether it comes through byte for byte.
        state.records.append("{\"seq\":\(state.records.count + 1), \"event\":\"x\"}")
      }
    }
  }

  func change() { state.withLock { for watcher in $0.watchers { watcher.yield() } } }

  /// As when holdfastd is restarted.
  func restart() {
    state.withLock { state in
      for holder in state.holders { holder.finish() }
      for watcher in state.watchers { watcher.finish() }
    }
  }

  func refuse(_ verb: String, _ refusal: Refusal?) {
    state.withLock { $0.refusals[verb] = refusal }
  }

  var asked: [String] { state.withLock { $0.asked } }
  var presence: [String] { state.withLock { $0.presence } }
}

/// Waits until something is so, for as long as a slow machine may need.
func eventually(
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: @escaping @Sendable () -> Bool
) async throws {
  for _ in 0..<6_000 {
    if condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record(comment ?? "it never came to be so", sourceLocation: sourceLocation)
  throw CancellationError()
}
