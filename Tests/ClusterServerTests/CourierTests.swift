import AgentToken
import Cluster
import ClusterServer
import JSON
import Link
import LinkMessages
import Linux
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// The link itself against the server itself, over TLS.
@Suite struct CourierTests {
  @Test func enrolsByTheFingerprintAndCarries() async throws {
    try await withDirectory { path in
      let directory = StateDirectory(path)
      try await LiveServer.run { server in
        let token = try await server.logIn()
        try await server.tenant("red", by: token)
        let text = try await registrationToken(server, by: token)
        let enroller = try enroller(server, text)
        let reply = try await enroller.enrol(in: directory)
        #expect(reply.cluster == "test" && reply.tenant == "red" && reply.agent == "web-1")

        let state = try #require(try directory.load())
        let group = MultiThreadedEventLoopGroup.singleton
        let wire = HTTPWire(
          endpoint: state.endpoint, proxy: nil,
          tls: try ServerTrust.configuration(
            authority: state.authority, certificate: state.certificate, key: state.key),
          group: group)
        let host = QuietHost()
        let courier = Courier(
          wire: wire, host: host, cluster: "test", bundles: directory.shelf,
          log: LinkLog { _, _ in })
        let running = Task { await courier.run() }
        let agent = try await agent(server, by: token) {
          $0["connected"]?.bool == true && $0["protection"]?.string == "protected"
        }
        let id = try #require(agent["id"]?.string)
        let told = try await server.ask(.POST, "/api/v1/agents/\(id)/protect", token: token)
        #expect(told.status == 200, "\(told.json)")
        for _ in 0..<3_000 where !host.wasAsked("protect") {
          try await Task.sleep(for: .milliseconds(10))
        }
        #expect(host.wasAsked("protect"))
        #expect(host.wasAsked("link up test"))
        running.cancel()
        await running.value
        await wire.close()
        _ = try await self.agent(server, by: token) { $0["connected"]?.bool == false }
      }
    }
  }

  @Test func aRefusalChangesNothing() async throws {
    try await withDirectory { path in
      let directory = StateDirectory(path)
      try await LiveServer.run { server in
        let token = try await server.logIn()
        try await server.tenant("red", by: token)
        let text = try await registrationToken(server, by: token)
        let secret = String(text.prefix { $0 != "." })
        for (shown, code) in [
          (secret, "cluster_untrusted"),
          ("\(secret).\(String(repeating: "A", count: 43))", "cluster_untrusted"),
          (
            "\(String(repeating: "A", count: 43))\(text.dropFirst(secret.count))",
            "registration_token_unknown"
          ),
        ] {
          let refusal = await #expect(throws: Refusal.self) {
            try await enroller(server, shown).enrol(in: directory)
          }
          #expect(refusal?.code.rawValue == code, "\(shown)")
          #expect(try directory.load() == nil)
        }
        // None of them took its one use.
        _ = try await enroller(server, text).enrol(in: directory)
        #expect(try directory.load() != nil)
      }
    }
  }

  /// The same key all along; what is refused leaves the certificate that there is.
  @Test func renewsItsCertificateOverTheOldOne() async throws {
    try await withDirectory { path in
      let directory = StateDirectory(path)
      try await LiveServer.run { server in
        let token = try await server.logIn()
        try await server.tenant("red", by: token)
        _ = try await enroller(server, try await registrationToken(server, by: token))
          .enrol(in: directory)
        let first = try #require(try directory.load())
        let wire = HTTPWire(
          endpoint: first.endpoint, proxy: nil,
          tls: try ServerTrust.configuration(
            authority: first.authority, certificate: first.certificate, key: first.key),
          group: MultiThreadedEventLoopGroup.singleton)
        let late = Mutex<Int64>(0)
        let said = Mutex<[String]>([])
        let renewer = Renewer(
          first, in: directory, wire: wire,
          log: LinkLog { _, text in said.withLock { $0.append(text) } },
          now: { Clock.wall() + late.withLock { $0 } })
        func renewed(_ machine: String = QuietHost.machine) async throws -> LinkState {
          await renewer.renewIfDue(machine: machine)
          return try #require(try directory.load())
        }
        #expect(try await renewed() == first, "two thirds are not over")
        late.withLock { $0 = 25 * 86_400 }
        #expect(
          try await renewed(String(repeating: "0b", count: 32)) == first, "a copy gets none")
        let second = try await renewed()
        #expect(second.certificate != first.certificate && second.key == first.key)
        // Over the new one, from then on.
        let third = try await renewed()
        #expect(third.certificate != second.certificate && third.key == first.key)
        let record = try #require(
          try await server.plane.store.agents(tenant: "red", agent: "web-1").last)
        let shown = try #require(
          CertificateAuthority.presented(
            try NIOSSLCertificate(bytes: Array(third.certificate.utf8), format: .pem).toDERBytes()))
        #expect(shown.serial == record.certificateSerial && shown.keyHash == record.keyHash)
        let audit = try await server.ask(.GET, "/api/v1/audit?action=agent.renew", token: token)
        #expect(
          audit.json["items"]?.array?.map { $0["target"] } == [
            .string(record.id), .string(record.id),
          ])

        let retired = try await server.ask(
          .POST, "/api/v1/agents/\(record.id)/retire", token: token)
        #expect(retired.status == 200)
        #expect(try await renewed() == third)
        #expect(
          said.withLock { $0.contains { $0.contains("not any more") } }, "\(said.withLock { $0 })")
        await wire.close()
      }
    }
  }

  @Test func whoFillsTheDiskIsSlowedAndKeepsToIt() async throws {
    var limits = ServerLimits()
    limits.ledger = (64, 1)
    try await withDirectory { path in
      let directory = StateDirectory(path)
      try await LiveServer.run(limits: limits) { server in
        let token = try await server.logIn()
        try await server.tenant("red", by: token)
        let text = try await registrationToken(server, by: token)
        _ = try await enroller(server, text).enrol(in: directory)
        let state = try #require(try directory.load())
        let wire = HTTPWire(
          endpoint: state.endpoint, proxy: nil,
          tls: try ServerTrust.configuration(
            authority: state.authority, certificate: state.certificate, key: state.key),
          group: MultiThreadedEventLoopGroup.singleton)
        // Records or not: it is what was sent that counts.
        let junk = [UInt8](repeating: UInt8(ascii: "x"), count: 30 << 10)
        var codes: [String] = []
        for _ in 0..<6 {
          let refusal = await #expect(throws: Refusal.self) {
            try await wire.post(LinkPath.ledger, .lines, junk, machine: QuietHost.machine)
          }
          codes.append(refusal?.code.rawValue ?? "")
        }
        #expect(
          codes == Array(repeating: "invalid_request", count: 2)
            + Array(repeating: "too_many_requests", count: 4))
        let figures = try await server.ask(.GET, "/metrics", token: token)
        let line = String(decoding: figures.bytes, as: UTF8.self).split(separator: "\n")
          .first { $0.contains("_count{") && $0.contains("linkLedger") && $0.contains("429") }
        #expect(line?.hasSuffix(" 1") == true, "asked again before its time: \(line ?? "")")
        // What else it has to say is heard.
        _ = try await wire.post(
          LinkPath.report, .json,
          Report(
            machine: QuietHost.machine, hostname: "web-1",
            status: try await QuietHost().ask("status")
          ).json.encodedBytes(), machine: QuietHost.machine)
        await wire.close()
      }
    }
  }

  // MARK: Helpers

  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let path = "/tmp/holdfast-courier-test-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(path, mode: 0o700)
    defer { try? Files.removeTree(path) }
    try await body(path)
  }

  private func registrationToken(
    _ server: LiveServer, by token: String
  ) async throws -> String {
    let made = try await server.ask(
      .POST, "/api/v1/registration-tokens", ["entries": [["tenant": "red"]]], token: token)
    return try #require(made.json["items"]?.array?.first?["text"]?.string)
  }

  private func enroller(_ server: LiveServer, _ text: String) throws -> Enroller {
    Enroller(
      endpoint: try Endpoint(server.base), proxy: nil,
      token: try #require(RegistrationTokenText(text)), authority: nil, agent: "web-1",
      hostname: "web-1", machine: QuietHost.machine, version: "1.0")
  }

  /// The only agent, once it is as asked for.
  private func agent(
    _ server: LiveServer, by token: String, _ isSo: (JSON) -> Bool
  ) async throws -> JSON {
    var last: JSON = .null
    for _ in 0..<3_000 {
      let reply = try await server.ask(.GET, "/api/v1/agents", token: token)
      last = reply.json["items"]?.array?.first ?? .null
      if isSo(last) { return last }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("it never came to be so: \(last)")
    return last
  }
}

/// A host where nothing happens.
private final class QuietHost: Host {
  static let machine = String(repeating: "0a", count: 32)

  let hostname = "web-1"
  private let asked = Mutex<Set<String>>([])

  func wasAsked(_ line: String) -> Bool { asked.withLock { $0.contains(line) } }

  func ask(_ line: String) async throws(Refusal) -> JSON {
    asked.withLock { _ = $0.insert(line) }
    return switch line {
    case "link": ["ok": true, "machine": .string(Self.machine)]
    case "status": ["ok": true, "state": "protected", "version": "1.0", "clock": "wall"]
    default: ["ok": true, "changed": false]
    }
  }

  func records(since sequence: Int64) async throws(Refusal) -> LedgerBatch {
    LedgerBatch(next: sequence)
  }

  func holdUp(
    cluster: String, _ onReply: @escaping @Sendable (JSON) async -> Void
  ) async throws {
    asked.withLock { _ = $0.insert("link up \(cluster)") }
    await onReply(["ok": true, "nonce": .null, "next": 1])
    try await Task.sleep(for: .seconds(3_600))
  }

  func watch(_ onChange: @escaping @Sendable () async -> Void) async throws {
    try await Task.sleep(for: .seconds(3_600))
  }
}
