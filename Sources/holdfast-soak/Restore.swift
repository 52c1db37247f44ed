import AgentToken
import AsyncHTTPClient
import Foundation
import JSON
import Linux
import NIOCore
import NIOHTTP1

/// An old backup is restored while agents know more than it: they have newer trust, profiles and
/// revocations, and records that it never saw.
struct Restore {
  private let fleet: Fleet
  private let client: HTTPClient
  private var server: ServerUnderTest { fleet.server }

  init(_ fleet: Fleet, _ client: HTTPClient) {
    self.fleet = fleet
    self.client = client
  }

  /// What an agent has of each that only rises.
  private struct Standing: Equatable {
    let bundle: Int64
    let revocations: Int64
    let profile: Int64

    init(_ agent: SimulatedAgent) {
      (bundle, revocations, profile) = agent.daemon.read {
        ($0.bundle.sequence, $0.revocations.sequence, $0.profile?.version ?? 0)
      }
    }

    func isBehind(_ other: Standing) -> Bool {
      bundle < other.bundle && revocations < other.revocations && profile < other.profile
    }
  }

  /// - Parameter meanwhile: what else is done to the cluster after the backup.
  func measure(
    _ admin: Administrator, meanwhile: (Administrator) async throws -> Void
  ) async throws {
    let root = try Root(server)
    let tokens = try await issue(5, admin)
    let started = Clock.monotonicMicroseconds()
    try server.run(["backup", "--data", server.data, "\(server.directory)/backup"])
    fleet.figures.row("a backup while it serves", Fleet.seconds(since: started), "s")
    try await meanwhile(admin)
    // A week, as far as numbers go.
    for step in 1...3 {
      try await admin.call(.POST, "/api/v1/trust", ["bundle": .string(try root.addKey())])
      try await admin.call(.POST, "/api/v1/agent-tokens/\(tokens[step])/revoke")
      try await change(admin, minutes: 10 + step)
    }
    let last = try root.sequence()
    try await fleet.settle("all have what came after the backup") {
      fleet.agents.allSatisfy {
        let standing = Standing($0)
        return standing.bundle == last && standing.revocations == 3 && standing.profile == 4
      }
    }
    let before = fleet.agents.map(Standing.init)
    for agent in fleet.agents { agent.daemon.change { $0.refusals = [:] } }

    server.stop()
    try server.run([
      "restore", "--data", server.data, "--replace", "\(server.directory)/backup",
    ])
    let start = Clock.monotonicMicroseconds()
    try server.start()
    try await comeUp()
    // Somebody is at work before the first agent is back, and does other things than before.
    let again = try await Administrator.logIn(server, client)
    try await change(again, minutes: 20)
    try await again.call(.POST, "/api/v1/agent-tokens/\(tokens[0])/revoke")
    try await fleet.settle("all agents are back", seconds: 300) { fleet.areConnected }
    let back = Fleet.seconds(since: start)
    try await fleet.settle("all agents have what is said after the restore", seconds: 300) {
      zip(fleet.agents, before).allSatisfy { agent, before in
        let now = Standing(agent)
        return now.revocations > before.revocations && now.profile > before.profile
          && agent.daemon.read { $0.revoked.jtis.contains(tokens[0]) }
          && agent.daemon.read { $0.profile?.settings } == Self.settings(minutes: 20)
      }
    }
    let converged = Fleet.seconds(since: start)
    let trust = try await again.call(.GET, "/api/v1/trust")
    fleet.figures.row("after a restore, all are back in", back, "s")
    fleet.figures.row("  and have newer profiles and revocations in", converged, "s")
    fleet.figures.promise(
      "the trust bundle that the backup did not know", trust["seq"]?.integer == last,
      "taken from an agent")
    try await again.call(.POST, "/api/v1/trust", ["bundle": .string(try root.addKey())])
    try await fleet.settle("all agents have a newer bundle") {
      zip(fleet.agents, before).allSatisfy { $1.isBehind(Standing($0)) }
    }
    try await judge(again)
  }

  private func judge(_ admin: Administrator) async throws {
    var refusals: [String: Int] = [:]
    for agent in fleet.agents {
      refusals.merge(agent.daemon.read(\.refusals), uniquingKeysWith: +)
    }
    fleet.figures.promise(
      "what agents refused after the restore", refusals.isEmpty,
      refusals.isEmpty
        ? "nothing" : refusals.map { "\($0.key) \($0.value)×" }.sorted().joined(separator: ", "))
    var incomplete = 1
    for _ in 0..<60 where incomplete > 0 {
      incomplete = try await fleet.incompleteLedgers(admin) {
        Int64($0.daemon.read(\.ledger.count))
      }
      if incomplete > 0 { try await Task.sleep(for: .seconds(1)) }
    }
    fleet.figures.promise(
      "ledger records that the backup did not have", incomplete == 0,
      incomplete == 0 ? "sent again" : "missing for \(incomplete) agents")
    let alarms = try await admin.call(.GET, "/api/v1/alarms?limit=500")
    var kinds: [String: Int] = [:]
    for alarm in alarms["items"]?.array ?? [] {
      kinds[alarm["kind"]?.string ?? "", default: 0] += 1
    }
    fleet.figures.promise(
      "alarms after the restore", kinds.count <= 1 && kinds["bundle-behind", default: 0] <= 3,
      kinds.map { "\($0.key) \($0.value)×" }.sorted().joined(separator: ", "))
  }

  // MARK: What is done

  private static func settings(minutes: Int) -> JSON {
    ["Protection": ["MaxWindowSec": .string("\(minutes)min")]]
  }

  private func change(_ admin: Administrator, minutes: Int) async throws {
    try await admin.call(
      .PUT, "/api/v1/profiles/\(fleet.profile)", ["settings": Self.settings(minutes: minutes)])
  }

  /// Tokens of the cluster, to be revoked: their ids.
  private func issue(_ count: Int, _ admin: Administrator) async throws -> [String] {
    var ids: [String] = []
    for _ in 0..<count {
      let made = try await admin.call(.POST, "/api/v1/agent-tokens", ["scope": "cluster"])
      guard let id = made["items"]?.array?.first?["token"]?["jti"]?.string else {
        throw SoakFailure("no token: \(made.encoded())")
      }
      ids.append(id)
    }
    return ids
  }

  private func comeUp() async throws {
    for _ in 0..<300 {
      var request = HTTPClientRequest(url: "\(server.address)/readyz")
      request.method = .GET
      if let answer = try? await client.execute(request, timeout: .seconds(2)),
        answer.status == .ok
      {
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw SoakFailure("the server does not come up again: see \(server.directory)/log")
  }

  /// Where the root key is: a copy of the issuer that no restore goes back to.
  private struct Root {
    private let server: ServerUnderTest
    private var directory: String { "\(server.directory)/root" }
    private var passphrase: String { "\(server.directory)/passphrase" }

    init(_ server: ServerUnderTest) throws {
      self.server = server
      try FileManager.default.copyItem(
        atPath: "\(server.data)/issuer", toPath: "\(server.directory)/root")
      try Files.writeAtomically(
        passphrase, Array((try server.passphrase() + "\n").utf8), mode: 0o600)
    }

    /// - Returns: the next trust bundle, with another key in it.
    func addKey() throws -> String {
      try server.run([
        "key", "add", "--dir", directory, "--role", "release", "--passphrase-file", passphrase,
      ])
      return try text()
    }

    private func text() throws -> String {
      try Files.text("\(directory)/bundle.jws").split(separator: "\n").joined()
    }

    func sequence() throws -> Int64 {
      let payload = try text().split(separator: ".").dropFirst().first.map { Array($0.utf8) }
      guard let bytes = payload.flatMap({ Base64URL.decode($0) }),
        let sequence = try JSON.parse(bytes)["seq"]?.integer
      else { throw SoakFailure("the root's bundle cannot be read") }
      return sequence
    }
  }
}
