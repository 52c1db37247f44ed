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
struct Fleet {
  let server: ServerUnderTest
  let count: Int

  func measure(kills: Int) async throws -> Figures {
    var figures = Figures()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    try server.start()
    let authority = try await authority(group)
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    let admin = try await Administrator.logIn(server, client)
    try await admin.call(.POST, "/api/v1/tenants", ["id": "retail", "name": "Retail"])
    let made = try await admin.call(
      .POST, "/api/v1/registration-tokens",
      ["entries": [["tenant": "retail", "uses": .integer(Int64(count))]]])
    guard let text = made["items"]?.array?.first?["text"]?.string,
      let token = RegistrationTokenText(text)
    else { throw SoakFailure("no registration token: \(made.encoded())") }
    let bare = try server.memory()

    let agents = try await enrol(token.secret, authority, group, &figures)
    figures.row("server without agents", Double(bare) / 1e6, "MB PSS")
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for agent in agents { tasks.addTask { await agent.stay() } }
      try await settle("all are connected") { agents.allSatisfy { $0.isConnected.withLock { $0 } } }
      try await inParallel(agents, 32) { try await $0.report() }
      figures.row("server after \(count) reports", Double(try server.memory()) / 1e6, "MB PSS")
      // Once a minute it gives back what a server at rest does not need.
      try await Task.sleep(for: .seconds(70))
      figures.row(
        "server with \(count) idle links", Double(try server.memory()) / 1e6, "MB PSS", limit: 150)
      figures.row(
        "  each", Double(try server.memory() - bare) / Double(count) / 1e3, "kB")
      try await spread(admin, agents, &figures)
      try await killUnderLoad(admin, agents, kills, &figures)
      tasks.cancelAll()
    }
    for agent in agents { await agent.wire.close() }
    try await client.shutdown()
    try await group.shutdownGracefully()
    return figures
  }

  // MARK: Enrolling

  private func enrol(
    _ token: String, _ authority: String, _ group: any EventLoopGroup, _ figures: inout Figures
  ) async throws -> [SimulatedAgent] {
    let start = Clock.monotonicMicroseconds()
    let server = server.address
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
    let seconds = Double(Clock.monotonicMicroseconds() - start) / 1e6
    figures.row("enrolments", Double(count) / seconds, "/s", limit: 50, isFloor: true)
    return agents.sorted { $0.index < $1.index }
  }

  // MARK: A profile reaches everybody

  private func spread(
    _ admin: Administrator, _ agents: [SimulatedAgent], _ figures: inout Figures
  ) async throws {
    let profile = try await admin.call(
      .POST, "/api/v1/profiles",
      ["name": "base", "settings": ["Protection": ["MaxWindowSec": "30min"]]])
    guard let id = profile["id"]?.string else { throw SoakFailure("no profile") }
    let before = Clock.monotonicMicroseconds()
    try await admin.call(
      .PUT, "/api/v1/profile-assignments",
      ["profile": .string(id), "tenant": "retail", "label": .null])
    try await settle("all have the profile") {
      agents.allSatisfy { $0.profiles.withLock { !$0.isEmpty } }
    }
    let arrived = agents.compactMap { $0.profiles.withLock { $0.first } }.map {
      $0 > before ? Double($0 - before) / 1e6 : 0
    }.sorted()
    figures.row("a profile reaches half of them", arrived[arrived.count / 2], "s")
    figures.row("  and the last one", arrived.last ?? 0, "s", limit: 2)
  }

  // MARK: The server is killed under load

  private func killUnderLoad(
    _ admin: Administrator, _ agents: [SimulatedAgent], _ kills: Int, _ figures: inout Figures
  ) async throws {
    let some = Array(agents.prefix(100))
    let start = Clock.monotonicMicroseconds()
    let perAgent = 200
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for agent in some {
        let lines = Self.ledger(of: agent.index, records: perAgent)
        tasks.addTask { try await agent.post(lines) }
      }
      for _ in 0..<kills {
        try await Task.sleep(for: .milliseconds(900))
        server.kill()
        try server.start()
      }
      try await tasks.waitForAll()
    }
    let seconds = Double(Clock.monotonicMicroseconds() - start) / 1e6
    figures.row(
      "ledger records kept, with \(kills) kills", Double(some.count * perAgent) / seconds, "/s")
    let ids = try await records(admin)
    var lost = 0
    for agent in some {
      guard let id = ids["host-\(agent.index)"] else { throw SoakFailure("an agent is gone") }
      let kept = try await admin.call(.GET, "/api/v1/agents/\(id)/ledger?since=1&limit=500")
      let sequences = (kept["items"]?.array ?? []).compactMap { $0["seq"]?.integer }
      let acknowledged = agent.acknowledged.withLock { $0 }
      if sequences != Array(1..<acknowledged) { lost += 1 }
    }
    figures.promise(
      "records acknowledged before a kill", lost == 0,
      lost == 0 ? "all kept" : "lost for \(lost) agents")
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
  private func authority(_ group: any EventLoopGroup) async throws -> String {
    let path = "\(server.directory)/data/authority/authority.pem"
    for _ in 0..<300 {
      if (try? server.firstPassword()) != nil, let text = try? Files.text(path) { return text }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw SoakFailure("the server does not start: see \(server.directory)/log")
  }

  private func settle(_ what: String, _ isSo: () -> Bool) async throws {
    for _ in 0..<1200 {
      if isSo() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw SoakFailure("it is not so after a minute: \(what)")
  }

  private func inParallel(
    _ agents: [SimulatedAgent], _ width: Int,
    _ work: @escaping @Sendable (SimulatedAgent) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for (index, agent) in agents.enumerated() {
        if index >= width { try await tasks.next() }
        tasks.addTask { try await work(agent) }
      }
      try await tasks.waitForAll()
    }
  }
}
