import AgentToken
import AsyncHTTPClient
import Cluster
import ClusterSQLite
import Issuing
import JSON
import Linux
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import ClusterServer

/// A server on a port of its own, with real TLS and a real database, in a directory that is thrown
/// away.
struct LiveServer {
  let plane: ControlPlane
  let port: Int
  let client: HTTPClient
  let directory: String
  let administrator: (name: String, password: String)

  var base: String { "https://localhost:\(port)" }

  /// Runs a server for as long as `body` takes; then stops it as systemd would.
  ///
  /// - Parameter stopped: called once it has ended.
  static func run(
    limits: ServerLimits = .init(), settings: ClusterSettings = .init(),
    _ body: (LiveServer) async throws -> Void
  ) async throws {
    let directory = "/tmp/holdfast-server-test-\(Hex.encode(Random.bytes(8)))"
    defer { try? Files.removeTree(directory) }
    let (made, newborn) = try ServerDirectory.open(
      directory, cluster: "test", surroundings: .real(describe: { "\($0)" }))
    #expect(newborn != nil)
    let store = try await SQLiteStore.open(path: made.databasePath)
    let plane = ControlPlane(
      cluster: "test", settings: settings, store: store, signer: made.signer,
      authority: made.authority, secrets: made.secrets, hub: LinkHub(), limits: AttemptLimits(),
      now: { Clock.wall() })
    let administrator = try #require(try await plane.firstAdministrator())
    let (ports, tell) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try ClusterServer(
      plane: plane, address: .init(host: "127.0.0.1", port: 0), names: ["localhost", "127.0.0.1"],
      limits: limits, logger: logger
    ) { port in
      tell.yield(port)
      tell.finish()
    }
    let group = RunningGroup(server)
    let running = Task { try await group.run() }
    var port = 0
    for await told in ports { port = told }
    #expect(port != 0, "the server did not listen")
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: try Self.trusting(plane.authority.pem))
    let live = LiveServer(
      plane: plane, port: port, client: client, directory: directory,
      administrator: administrator)
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(live)) } catch { outcome = .failure(error) }
    await group.stop()
    try? await running.value
    try await client.shutdown()
    try await store.close()
    withExtendedLifetime(made) {}
    try outcome.get()
  }

  static func trusting(
    _ authority: String, certificate: (pem: String, key: String)? = nil
  ) throws -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates([
      try NIOSSLCertificate(bytes: Array(authority.utf8), format: .pem)
    ])
    if let certificate {
      tls.certificateChain = [
        .certificate(try NIOSSLCertificate(bytes: Array(certificate.pem.utf8), format: .pem))
      ]
      tls.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem))
    }
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(10)
    return configuration
  }

  // MARK: Asking

  struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]

    var json: JSON { (try? JSON.parse(bytes)) ?? .null }
    var code: String? { json["code"]?.string }
  }

  /// Asks; a body is JSON unless the headers say otherwise.
  func ask(
    _ method: HTTPMethod, _ path: String, _ json: JSON? = nil, bytes: [UInt8]? = nil,
    token: String? = nil, headers: [(String, String)] = [], by client: HTTPClient? = nil
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: base + path)
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let body = bytes ?? json?.encodedBytes() {
      request.body = .bytes(ByteBuffer(bytes: body))
      if !request.headers.contains(name: "Content-Type") {
        request.headers.add(name: "Content-Type", value: "application/json")
      }
    }
    let response = try await (client ?? self.client).execute(request, timeout: .seconds(30))
    let body = try await response.body.collect(upTo: 8 << 20)
    return Reply(
      status: Int(response.status.code), headers: response.headers,
      bytes: Array(body.readableBytesView))
  }

  /// An access token of the first administrator.
  func logIn() async throws -> String {
    let reply = try await ask(
      .POST, "/api/v1/sessions",
      ["name": .string(administrator.name), "password": .string(administrator.password)])
    #expect(reply.status == 201, "\(reply.json)")
    return try #require(reply.json["access_token"]?.string)
  }

  /// An access token of a new client with a role.
  func client(
    _ role: AccessRole, tenants: [String]? = nil, by token: String
  ) async throws -> String {
    let name = "c-\(Hex.encode(Random.bytes(6)))"
    let made = try await ask(
      .POST, "/api/v1/accounts",
      [
        "kind": "client", "name": .string(name), "role": .string(role.rawValue),
        "tenants": tenants.map { .array($0.map { .string($0) }) } ?? .null,
      ], token: token)
    #expect(made.status == 201, "\(made.json)")
    let secret = try #require(made.json["secret"]?.string)
    let form =
      "grant_type=client_credentials&client_id=\(name)&client_secret=\(secret)"
    let granted = try await ask(
      .POST, "/oauth/token", bytes: Array(form.utf8),
      headers: [("Content-Type", "application/x-www-form-urlencoded")])
    #expect(granted.status == 200, "\(granted.json)")
    return try #require(granted.json["access_token"]?.string)
  }

  func tenant(_ id: String, by token: String) async throws {
    let reply = try await ask(
      .POST, "/api/v1/tenants", ["id": .string(id), "name": .string(id)], token: token)
    #expect(reply.status == 201, "\(reply.json)")
  }
}
