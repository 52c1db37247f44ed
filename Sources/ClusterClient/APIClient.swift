package import AgentToken
internal import AsyncHTTPClient
package import JSON
package import Link
internal import LinkMessages
internal import Linux
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// A cluster's API: paths and JSON in, JSON or a refusal out.
package struct APIClient: Sendable {
  private let http: HTTPClient
  private let access: ClusterAccess

  /// Seconds for a request, answer included.
  private static let patience: Int64 = 60
  /// Bytes of an answer, and what may be in it: a page of agents, or one with all that it said.
  private static let limits = JSON.Limits(maxBytes: 16 << 20, maxDepth: 32, maxMembers: 1 << 16)

  /// Calls `body` with a client, whose connections end with it.
  ///
  /// - Throws: `bad_arguments` where a certificate or HTTPS_PROXY cannot be read, and what `body` does.
  package static func use<Result: Sendable>(
    _ access: ClusterAccess, _ body: (APIClient) async throws(Refusal) -> Result
  ) async throws(Refusal) -> Result {
    try await use(access, tls: try access.tls(), body)
  }

  /// The certificate that a cluster's server leads to, as PEM, from the server itself: trusted because
  /// it has this fingerprint.
  ///
  /// - Throws: `cluster_untrusted` where it has another.
  package static func authority(
    of endpoint: Endpoint, fingerprint: String
  ) async throws(Refusal) -> String {
    let access = ClusterAccess(endpoint: endpoint, trust: .system)
    return try await use(access, tls: ServerTrust.unverified) { client throws(Refusal) in
      let bytes = try await client.exchange(.GET, APIPath(verbatim: LinkPath.authority))
      let pem = String(decoding: bytes, as: UTF8.self)
      guard let shown = try? ServerTrust.certificates(pem),
        shown.contains(where: { ServerTrust.fingerprint($0) == fingerprint })
      else {
        throw Refusal(
          .clusterUntrusted,
          "The authority that \(endpoint.text) shows does not have that fingerprint.",
          hint: "Is it the right cluster? Somebody may be in between.")
      }
      return pem
    }
  }

  private static func use<Result: Sendable>(
    _ access: ClusterAccess, tls: TLSConfiguration,
    _ body: (APIClient) async throws(Refusal) -> Result
  ) async throws(Refusal) -> Result {
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(15)
    configuration.connectionPool.retryConnectionEstablishment = false
    if let proxy = try proxy(to: access.endpoint) {
      configuration.proxy = .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.user.map { .basic(username: $0.name, password: $0.password) })
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do throws(Refusal) {
      let result = try await body(APIClient(http: http, access: access))
      try? await http.shutdown()
      return result
    } catch {
      try? await http.shutdown()
      throw error
    }
  }

  private static func proxy(to endpoint: Endpoint) throws(Refusal) -> ProxySettings? {
    do throws(ProxySettings.Unusable) {
      return try ProxySettings.of(endpoint, variable: { Environment.value(of: $0) })
    } catch {
      throw .unusableProxy
    }
  }

  // MARK: Asking

  package func get(_ path: APIPath) async throws(Refusal) -> JSON {
    try parse(try await exchange(.GET, path))
  }

  /// - Parameter creates: whether asking twice would make two: then the request has an
  ///   Idempotency-Key, and is asked again where the connection broke before there was an answer.
  package func post(
    _ path: APIPath, _ body: JSON? = nil, creates: Bool = false
  ) async throws(Refusal) -> JSON {
    try parse(try await exchange(.POST, path, body.map(Body.init), creates: creates))
  }

  /// A form (`application/x-www-form-urlencoded`).
  package func post(
    _ path: APIPath, form: KeyValuePairs<String, String>
  ) async throws(Refusal) -> JSON {
    let text = form.map { "\($0.key)=\(APIPath.encode($0.value))" }.joined(separator: "&")
    return try parse(
      try await exchange(
        .POST, path, Body(type: "application/x-www-form-urlencoded", bytes: Array(text.utf8))))
  }

  package func put(_ path: APIPath, _ body: JSON) async throws(Refusal) -> JSON {
    try parse(try await exchange(.PUT, path, Body(body)))
  }

  package func patch(_ path: APIPath, _ body: JSON) async throws(Refusal) -> JSON {
    try parse(try await exchange(.PATCH, path, Body(body)))
  }

  package func delete(_ path: APIPath) async throws(Refusal) {
    _ = try await exchange(.DELETE, path)
  }

  // MARK: Over the wire

  private struct Body {
    let type: String
    let bytes: [UInt8]

    init(type: String, bytes: [UInt8]) { (self.type, self.bytes) = (type, bytes) }

    init(_ json: JSON) { self.init(type: "application/json", bytes: json.encodedBytes()) }
  }

  /// The body of an answer that is no refusal.
  private func exchange(
    _ method: HTTPMethod, _ path: APIPath, _ body: Body? = nil, creates: Bool = false
  ) async throws(Refusal) -> [UInt8] {
    var request = HTTPClientRequest(url: access.endpoint.text + path.text)
    request.method = method
    request.headers.add(name: "User-Agent", value: "holdfast-cluster")
    request.headers.add(name: "Accept", value: "application/json")
    if let token = access.token {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    if creates {
      request.headers.add(
        name: "Idempotency-Key", value: Base64URL.encode(Random.bytes(16)))
    }
    if let body {
      request.headers.add(name: "Content-Type", value: body.type)
      request.body = .bytes(ByteBuffer(bytes: body.bytes))
    }
    do {
      do {
        return try await answer(to: request)
      } catch let error as HTTPClientError
        where error == .remoteConnectionClosed && (creates || method == .GET)
      {
        return try await answer(to: request)
      }
    } catch {
      throw Problems.refusal(error, of: access.endpoint)
    }
  }

  private func answer(to request: HTTPClientRequest) async throws -> [UInt8] {
    let response = try await http.execute(request, timeout: .seconds(Self.patience))
    let body: [UInt8]
    do {
      body = Array(
        try await response.body.collect(upTo: Self.limits.maxBytes).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw Refusal(
        .clusterMalformed,
        "\(access.endpoint.text) answers with more than \(Self.limits.maxBytes >> 20) MiB.")
    }
    guard (200..<300).contains(response.status.code) else {
      throw Problems.refusal(
        status: response.status.code, body: body, of: access.endpoint)
    }
    return body
  }

  /// - Returns: null where there is nothing.
  private func parse(_ body: [UInt8]) throws(Refusal) -> JSON {
    guard !body.isEmpty else { return .null }
    do throws(JSON.ParseError) {
      return try JSON.parse(body, limits: Self.limits)
    } catch {
      throw Refusal(
        .clusterMalformed, "\(access.endpoint.text) answers with no JSON: \(error).",
        hint: "Is it the address of a cluster?")
    }
  }
}
