internal import AgentToken
internal import JSON
internal import LinkMessages
internal import Synchronization

/// One connection to the cluster, from its first word to its end.
final class Session: Sendable {
  let courier: Courier
  let memory: Memory
  let machine: String
  let reports = Bell()
  let records = Bell()
  let complaints: Complaints
  /// What holdfastd said when it heard that the link is up; nil before.
  let standing = Mutex<Standing?>(nil)
  private let welcome: (stream: AsyncStream<Int64>, continuation: AsyncStream<Int64>.Continuation)
  private let loss: (stream: AsyncStream<Refusal>, continuation: AsyncStream<Refusal>.Continuation)
  /// The paths to which something was posted on this connection.
  private let reached = Mutex<Set<String>>([])
  private let began = Mutex<ContinuousClock.Instant?>(nil)

  struct Standing {
    var nonce: String?
    /// The number that the ledger's next record will have.
    var next: Int64?
  }

  /// How often the ledger is looked at even if nothing was heard: seconds.
  private static let ledgerInterval: Int64 = 15
  private static let renewalInterval: Int64 = 3_600
  /// How often holdfastd is looked for before the connection is given up: about a second each.
  private static let attempts = 30

  init(_ courier: Courier, memory: Memory, machine: String) {
    self.courier = courier
    self.memory = memory
    self.machine = machine
    complaints = Complaints(log: courier.log)
    welcome = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    loss = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Milliseconds since the cluster's first word; 0 where there was none.
  var lasted: Int64 {
    guard let began = began.withLock({ $0 }) else { return 0 }
    return max(Int64((ContinuousClock.now - began) / .milliseconds(1)), 1)
  }

  /// Runs until the connection ends, and says how and why it did.
  func run() async -> (Reconnection.Ending, Refusal) {
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await self.courier.wire.listen(machine: self.machine) { try await self.take($0) }
        }
        group.addTask { try await self.carry() }
        defer { group.cancelAll() }
        try await group.next()
      }
      return (.lost, Refusal(.clusterUnreachable, "The cluster closed the connection."))
    } catch let bye as Bye {
      return (
        .bye(after: bye.after),
        Refusal(.clusterUnreachable, "The cluster ended the connection: \(bye.reason).")
      )
    } catch let refusal as Refusal {
      return (Self.losses.contains(refusal.code) ? .lost : .refused, refusal)
    } catch {
      return (.lost, Refusal(.clusterUnreachable, "The connection to the cluster broke."))
    }
  }

  /// What may be otherwise a moment later: a server to which a whole fleet comes back is busy.
  private static let losses: [Refusal.Code] = [
    .clusterUnreachable, .hostUnreachable, .busy, .tooManyRequests,
  ]

  private struct Bye: Error {
    let reason: String
    let after: Int64
  }

  // MARK: Down

  /// Takes one line, and all that it asks for, before the next one is read.
  private func take(_ line: [UInt8]) async throws {
    guard let message = Downward(line: line) else { return }
    switch message {
    case .hello(let cluster, _, let next):
      guard cluster == courier.cluster else {
        throw Refusal(
          .wrongCluster,
          "The server says that it is another cluster than the one this host is enrolled with.")
      }
      let isFirst = began.withLock { began in
        defer { began = began ?? .now }
        return began == nil
      }
      if isFirst {
        courier.log(.information, "Connected with the cluster \(cluster).")
        welcome.continuation.yield(next)
      }
    case .artefact(let type, let jws): await hand(type, jws)
    case .protect:
      do throws(Refusal) {
        _ = try await courier.host.ask("protect")
        courier.log(.notice, "Protected again, as the cluster asked.")
      } catch {
        courier.log(.warning, "The host was not protected as the cluster asked: \(error)")
      }
      reports.ring()
    case .report: reports.ring()
    case .ping: break
    case .bye(let reason, let after):
      throw Bye(reason: LinkLog.printable(reason, limit: 200), after: after)
    }
  }

  /// Hands over what is signed. What was refused is not handed over again for a while, however often
  /// the cluster sends it: each refusal is on record.
  private func hand(_ type: ArtefactType, _ jws: String) async {
    // It becomes part of a line, and must not become two.
    guard jws.utf8.allSatisfy(Self.isOfJWS), !jws.isEmpty else {
      return courier.log(.warning, "The cluster sent a \(type.verb) that is none.")
    }
    if memory.isRefused(type, jws) { return }
    do throws(Refusal) {
      let reply = try await courier.host.ask("\(type.verb) \(jws)")
      if type == .bundle { courier.bundles.keep(jws) }
      guard reply["changed"]?.bool != false else { return }
      memory.wasTaken()
      courier.log(.information, "holdfastd took a new \(type.verb).")
      reports.ring()
    } catch {
      if type == .bundle, error.code == .bundleOlder { return await giveBundle() }
      if error.code != .busy, error.code != .hostUnreachable { memory.wasRefused(type, jws) }
      courier.log(.warning, "holdfastd refused a \(type.verb): \(error)")
    }
  }

  private static func isOfJWS(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// Gives the cluster the bundle that it has lost, as after a restore.
  func giveBundle() async {
    guard let jws = courier.bundles.kept() else { return }
    do throws(Refusal) {
      _ = try await post(
        LinkPath.bundle, .json,
        JSON.object([.init(name: "jws", value: .string(jws))]).encodedBytes())
      courier.log(.notice, "Gave the cluster this host's trust bundle: it had an older one.")
    } catch {
      complaints.say("bundle", error)
    }
  }

  // MARK: Up

  /// Posts, and gives the connection up where a post that was possible on it no longer is: what comes
  /// down tells a cable that was cut only by its silence, and an unprotect has a record to post.
  func post(
    _ path: String, _ type: ContentType, _ body: [UInt8]
  ) async throws(Refusal) -> JSON {
    do throws(Refusal) {
      let reply = try await courier.wire.post(path, type, body, machine: machine)
      reached.withLock { _ = $0.insert(path) }
      return reply
    } catch {
      if error.code == .clusterUnreachable, reached.withLock({ $0.contains(path) }) {
        loss.continuation.yield(error)
      }
      throw error
    }
  }

  /// All that goes on while there is a connection, from the cluster's first word on.
  private func carry() async throws {
    guard let next = await welcome.stream.first(where: { _ in true }) else { return }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.bePresent() }
      group.addTask { try await self.watch() }
      group.addTask { try await self.reportWhenRung() }
      group.addTask { try await self.sendRecords(from: next) }
      group.addTask { for await why in self.loss.stream { throw why } }
      group.addTask { try await self.every(Self.ledgerInterval) { self.records.ring() } }
      group.addTask { try await self.every(LinkLimits.reportInterval) { self.reports.ring() } }
      group.addTask {
        try await self.every(Self.renewalInterval) { await self.courier.renew(self.machine) }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func every(_ seconds: Int64, _ body: @Sendable () async -> Void) async throws {
    while true {
      await body()
      try await courier.pause(.seconds(seconds))
    }
  }

  /// Keeps telling holdfastd that the cluster is there: one that was restarted is told again, and so
  /// protects again.
  private func bePresent() async throws {
    let failures = Atomic(0)
    while true {
      do {
        try await courier.host.holdUp(cluster: courier.cluster) { reply in
          failures.store(0, ordering: .relaxed)
          self.standing.withLock {
            $0 = Standing(nonce: reply["nonce"]?.string, next: reply["next"]?.integer)
          }
          if reply["reprotected"]?.bool == true {
            self.courier.log(.notice, "The host was unprotected and is protected again.")
          }
          self.reports.ring()
          self.records.ring()
        }
      } catch let refusal as Refusal where refusal.code == .busy || refusal.code == .hostUnreachable
      {
        if failures.add(1, ordering: .relaxed).newValue >= Self.attempts { throw refusal }
      }
      try await courier.pause(.seconds(1))
    }
  }

  private func watch() async throws {
    while true {
      do {
        try await courier.host.watch {
          self.reports.ring()
          self.records.ring()
        }
      } catch is Refusal {
        // It is back when it is back; who is present looks after that.
      }
      try await courier.pause(.seconds(2))
    }
  }
}

/// What did not work, said once for as long as it is the same.
final class Complaints: Sendable {
  private let log: LinkLog
  private let last = Mutex<[String: Refusal.Code]>([:])

  init(log: LinkLog) { self.log = log }

  func say(_ lane: String, _ refusal: Refusal) {
    let isNew = last.withLock { $0.updateValue(refusal.code, forKey: lane) != refusal.code }
    if isNew { log(.warning, "\(lane): \(refusal)") }
  }

  func done(_ lane: String) { last.withLock { $0[lane] = nil } }
}
