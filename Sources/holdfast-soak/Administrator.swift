import AgentToken
import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
import NIOSSL

/// Whoever sets the cluster up: its API, over TLS that is pinned to its authority.
struct Administrator {
  let base: String
  let client: HTTPClient
  let token: String

  static func logIn(
    _ server: ServerUnderTest, _ client: HTTPClient
  ) async throws -> Administrator {
    let anonymous = Administrator(base: server.address, client: client, token: "")
    let reply = try await anonymous.call(
      .POST, "/api/v1/sessions",
      ["name": "admin", "password": .string(try server.firstPassword())])
    guard let token = reply["access_token"]?.string else {
      throw SoakFailure("no access token: \(reply.encoded())")
    }
    return Administrator(base: server.address, client: client, token: token)
  }

  @discardableResult
  func call(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> JSON {
    var request = HTTPClientRequest(url: base + path)
    request.method = method
    if !token.isEmpty { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.encodedBytes()))
    }
    var response = try await client.execute(request, timeout: .seconds(30))
    // A server to which a whole fleet is coming back says that it is busy.
    for _ in 0..<100 where response.status == .serviceUnavailable {
      try await Task.sleep(for: .milliseconds(200))
      response = try await client.execute(request, timeout: .seconds(30))
    }
    let bytes = Array(try await response.body.collect(upTo: 4 << 20).readableBytesView)
    guard (200..<300).contains(response.status.code) else {
      throw SoakFailure("\(method) \(path): \(String(decoding: bytes, as: UTF8.self))")
    }
    return bytes.isEmpty ? .null : try JSON.parse(bytes)
  }
}
