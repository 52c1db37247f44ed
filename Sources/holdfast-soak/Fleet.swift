import AgentToken
import AsyncHTTPClient
import JSON
import Ledger
import Link
import LinkMessages
import Linux
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A cluster with its agents, and what is done to it, one thing after the other.
final class Fleet {
  let server: ServerUnderTest
  let count: Int
  var figures = Figures()
  var agents: [SimulatedAgent] = []
  /// The id of the profile that all have.
  var profile = ""

  init(server: ServerUnderTest, count: Int) {
    self.server = server
    self.count = count
  }

  func measure(kills: Int) async throws -> Figures {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    try server.start()
    let authority = try await authority()
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    let admin = try await Administrator.logIn(server, client)
    try await admin.call(.POST, "/api/v1/tenants", ["id": "retail", "name": "Retail"])
    let made = try await admin.call(
      .POST, "/api/v1/registration-tokens",
      ["entries": [["tenant": "retail", "uses": .integer(Int64(count + 1))]]])
    guard let text = made["items"]?.array?.first?["text"]?.string,
      let token = RegistrationTokenText(text)
    else { throw SoakFailure("no registration token: \(made.encoded())") }
    let bare = try server.memory()
    let files = server.openFiles()

    try await enrol(token.secret, authority, group)
    figures.row("server without agents", Double(bare) / 1e6, "MB PSS")
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      let start = Clock.monotonicMicroseconds()
      for agent in agents { tasks.addTask { await agent.stay() } }
      try await settle("all are connected") { self.areConnected }
      figures.row("all connect at once in", Self.seconds(since: start), "s")
      let link = try await LinkUnderTest(server, token: token, authority: authority, group: group)
      figures.row("server after \(count) reports", Double(try server.memory()) / 1e6, "MB PSS")
      try await rest(bare, files, link)
      await link.end()
      try await spread(admin)
      try await Restore(self, client).measure(admin) { try await self.killUnderLoad($0, kills) }
      tasks.cancelAll()
    }
    for agent in agents { await agent.wire.close() }
    try await client.shutdown()
    try await group.shutdownGracefully()
    return figures
  }

  var areConnected: Bool { agents.allSatisfy(\.daemon.isConnected) }

  static func seconds(since start: UInt64) -> Double {
    Double(Clock.monotonicMicroseconds() - start) / 1e6
  }

  // MARK: Enrolling

  private func enrol(
    _ token: String, _ authority: String, _ group: any EventLoopGroup
  ) async throws {
    let start = Clock.monotonicMicroseconds()
    let (server, count) = (server.address, count)
    let agents = try await withThrowingTaskGroup(of: SimulatedAgent.self) { tasks in
      var agents: [SimulatedAgent] = []
      for index in 0..<count {
        if index >= 16, let agent = try await tasks.next() { agents.append(agent) }
        tasks.addTask {
          try await SimulatedAgent.enrol(
            index, at: server, token: token, authority: authority, group: group)
        }
      }
      for try await agent in tasks { agents.append(agent) }
      return agents
    }
    figures.row(
      "enrolments", Double(count) / Self.seconds(since: start), "/s", limit: 50, isFloor: true)
    self.agents = agents.sorted { $0.index < $1.index }
  }

  // MARK: Nothing happens

  private func rest(_ bare: Int64, _ files: Int, _ link: LinkUnderTest) async throws {
    // Once a minute both give back what they do not need at rest.
    try await Task.sleep(for: .seconds(10))
    let busy = try server.processorTime()
    try await Task.sleep(for: .seconds(60))
    let idle = try server.memory()
    figures.row("server with \(count) idle links", Double(idle) / 1e6, "MB PSS", limit: 150)
    figures.row("  each", Double(idle - bare) / Double(count) / 1e3, "kB")
    figures.row("  each", Double(server.openFiles() - files) / Double(count), "open files")
    figures.row("  all", (try server.processorTime() - busy) / 60 * 100, "% of a processor")
    try await settle("the link is connected") { link.host.isConnected }
    figures.row("holdfast-link, idle", Double(try link.memory()) / 1e6, "MB PSS", limit: 25)
  }

  // MARK: A profile reaches everybody

  private func spread(_ admin: Administrator) async throws {
    let made = try await admin.call(
      .POST, "/api/v1/profiles",
      ["name": "base", "settings": ["Protection": ["MaxWindowSec": "30min"]]])
    guard let id = made["id"]?.string else { throw SoakFailure("no profile") }
    profile = id
    let before = Clock.monotonicMicroseconds()
    try await admin.call(
      .PUT, "/api/v1/profile-assignments",
      ["profile": .string(id), "tenant": "retail", "label": .null])
    try await settle("all have the profile") {
      self.agents.allSatisfy { $0.daemon.profileVersion > 0 }
    }
    let arrived = agents.map { $0.daemon.read(\.profileCame) }.map {
      $0 > before ? Double($0 - before) / 1e6 : 0
    }.sorted()
    figures.row("a profile reaches half of them", arrived[arrived.count / 2], "s")
    figures.row("  and the last one", arrived.last ?? 0, "s", limit: 2)
  }

  // MARK: The server is killed under load

  private static let recordsEach = 200

  /// Those that have a ledger.
  var recorders: ArraySlice<SimulatedAgent> { agents.prefix(100) }

  private func killUnderLoad(_ admin: Administrator, _ kills: Int) async throws {
    let start = Clock.monotonicMicroseconds()
    let stored = server.stored()
    var bytes = 0
    for agent in recorders {
      let lines = Self.ledger(of: agent.index, records: Self.recordsEach)
      bytes += lines.reduce(0) { $0 + $1.count }
      agent.daemon.change {
        $0.ledger = lines
        // It is posted below, a little at a time.
        $0.handsOutLedger = false
      }
    }
    var started = start
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for agent in recorders {
        tasks.addTask { try await agent.post(agent.daemon.read(\.ledger)) }
      }
      for _ in 0..<kills {
        try await Task.sleep(for: .milliseconds(900))
        server.kill()
        try server.start()
        started = Clock.monotonicMicroseconds()
      }
      try await tasks.waitForAll()
    }
    let records = Double(recorders.count * Self.recordsEach)
    figures.row(
      "ledger records kept, with \(kills) kills", records / Self.seconds(since: start), "/s")
    figures.row("  each, in the database", Double(server.stored() - stored) / records, "bytes")
    figures.row("  each, as it was sent", Double(bytes) / records, "bytes")
    try await settle("all are back", seconds: 300) { self.areConnected }
    figures.row("all are back after the last kill in", Self.seconds(since: started), "s")
    let lost = try await incompleteLedgers(admin) { $0.acknowledged.withLock { $0 } - 1 }
    figures.promise(
      "records acknowledged before a kill", lost == 0,
      lost == 0 ? "all kept" : "lost for \(lost) agents")
    for agent in recorders { agent.daemon.change { $0.handsOutLedger = true } }
  }

  /// How many agents' ledgers are not kept from the first record to that one.
  func incompleteLedgers(
    _ admin: Administrator, upTo last: (SimulatedAgent) -> Int64
  ) async throws -> Int {
    let ids = try await records(admin)
    var lost = 0
    for agent in recorders {
      guard let id = ids["host-\(agent.index)"] else { throw SoakFailure("an agent is gone") }
      let kept = try await admin.call(.GET, "/api/v1/agents/\(id)/ledger?since=1&limit=500")
      let sequences = (kept["items"]?.array ?? []).compactMap { $0["seq"]?.integer }
      if sequences != Array(1..<last(agent) + 1) { lost += 1 }
    }
    return lost
  }

  /// The ids of agents' records, by what they are called in tokens.
  private func records(_ admin: Administrator) async throws -> [String: String] {
    var result: [String: String] = [:]
    var next: String?
    repeat {
      let page = try await admin.call(
        .GET, "/api/v1/agents?limit=500" + (next.map { "&after=\($0)" } ?? ""))
      for item in page["items"]?.array ?? [] {
        if let agent = item["agent"]?.string, let id = item["id"]?.string { result[agent] = id }
      }
      next = page["next"]?.string
    } while next != nil
    return result
  }

  /// Records as a host writes them, each with the root over those before it.
  private static func ledger(of agent: Int, records: Int) -> [[UInt8]] {
    var tree = MerkleTree()
    return (1...records).map { sequence in
      let record: JSON = [
        "seq": .integer(Int64(sequence)), "time": .integer(Clock.wall()), "boottime": 1,
        "boot_id": "soak", "event": "healed", "peer": .null, "kid": .null, "jti": .null,
        "outcome": .string("agent \(agent)"), "clock": "wall", "head": .string(tree.rootText),
      ]
      let line = record.encodedBytes()
      tree.append(leaf: line.span)
      return line + [UInt8(ascii: "\n")]
    }
  }

  // MARK: Waiting

  /// The server's authority, once it answers.
  private func authority() async throws -> String {
    let path = "\(server.data)/authority/authority.pem"
    for _ in 0..<300 {
      if (try? server.firstPassword()) != nil, let text = try? Files.text(path) { return text }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw SoakFailure("the server does not start: see \(server.directory)/log")
  }

  func settle(_ what: String, seconds: Int = 60, _ isSo: () -> Bool) async throws {
    for _ in 0..<seconds * 20 {
      if isSo() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw SoakFailure("it is not so after \(seconds) s: \(what)")
  }
}
