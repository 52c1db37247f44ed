package import AgentToken
internal import AsyncHTTPClient
package import JSON
internal import LinkMessages
package import NIOCore
internal import NIOHTTP1
package import NIOSSL
internal import Synchronization

/// The wire itself: HTTP/1.1 over TLS, through a proxy where one is set.
package final class HTTPWire: Wire {
  package let endpoint: Endpoint
  private let client: HTTPClient
  /// How connections from now on are secured: a renewed certificate changes it.
  private let tls: Mutex<TLSConfiguration>
  /// Paths of which the server wants no more until then, and what it said.
  private let held = Mutex<[String: (until: ContinuousClock.Instant, refusal: Refusal)]>([:])

  /// Seconds for a post, answer included.
  private static let patience = 30
  /// Bytes of an answer to a post: an enrolment's has a trust bundle in it.
  private static let answerLimit = 512 << 10
  /// The longest that a server may have us wait: seconds.
  private static let longestHold: Int64 = 3_600

  /// - Parameter source: the local address to connect from; nil for what the system chooses.
  package init(
    endpoint: Endpoint, proxy: ProxySettings?, tls: TLSConfiguration, group: any EventLoopGroup,
    from source: String? = nil
  ) {
    self.endpoint = endpoint
    self.tls = Mutex(tls)
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.localAddress = source
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(15)
    configuration.timeout.read = .seconds(LinkLimits.silence)
    configuration.timeout.write = .seconds(LinkLimits.silence)
    configuration.connectionPool.idleTimeout = .seconds(5)
    // When to try again is ours to say.
    configuration.connectionPool.retryConnectionEstablishment = false
    if let proxy {
      configuration.proxy = .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.user.map { .basic(username: $0.name, password: $0.password) })
    }
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
  }

  /// Must be called before the last reference goes.
  package func close() async {
    try? await client.shutdown()
  }

  package func secure(_ configuration: TLSConfiguration) {
    tls.withLock { $0 = configuration }
  }

  package func listen(
    machine: String, _ onLine: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    let response = try await execute(request(LinkPath.stream, machine))
    guard response.status == .ok else { throw try await refusal(response) }
    var cutter = LineCutter(limit: LinkLimits.line)
    var pieces = response.body.makeAsyncIterator()
    while true {
      let piece: ByteBuffer?
      do {
        piece = try await pieces.next()
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        throw Problems.refusal(error, of: endpoint)
      }
      guard let piece else { return }
      cutter.append(piece.readableBytesView)
      do {
        while let line = try cutter.next() {
          if !line.isEmpty { try await onLine(line) }
        }
      } catch let error as LineCutter.TooLong {
        throw Problems.refusal(error, of: endpoint)
      }
    }
  }

  /// As the protocol says. Where the server said when to come back (`Retry-After`), it is not asked
  /// before: its refusal is what there is until then.
  package func post(
    _ path: String, _ type: ContentType, _ body: [UInt8], machine: String?
  ) async throws(Refusal) -> JSON {
    if let held = held.withLock({ $0[path] }), held.until > .now { throw held.refusal }
    var request = request(path, machine)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: type.rawValue)
    request.body = .bytes(ByteBuffer(bytes: body))
    return try parse(try await answer(to: request, path))
  }

  /// What is at a path, as text.
  package func get(_ path: String) async throws(Refusal) -> String {
    String(decoding: try await answer(to: request(path, nil), path), as: UTF8.self)
  }

  private func request(_ path: String, _ machine: String?) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: endpoint.text + path)
    request.tlsConfiguration = tls.withLock { $0 }
    request.headers.add(name: "User-Agent", value: "holdfast-link")
    if let machine { request.headers.add(name: LinkPath.machineHeader, value: machine) }
    return request
  }

  private func answer(
    to request: HTTPClientRequest, _ path: String
  ) async throws(Refusal) -> [UInt8] {
    do {
      return try await within(seconds: Self.patience) { [self] in
        let response = try await execute(request)
        guard (200..<300).contains(response.status.code) else {
          let refusal = try await refusal(response)
          hold(path, refusal, response)
          throw refusal
        }
        return try await body(of: response)
      }
    } catch is TooLate {
      throw Problems.refusal(HTTPClientError.deadlineExceeded, of: endpoint)
    } catch {
      throw Problems.refusal(error, of: endpoint)
    }
  }

  private func hold(_ path: String, _ refusal: Refusal, _ response: HTTPClientResponse) {
    guard response.status == .tooManyRequests || response.status == .serviceUnavailable,
      let seconds = response.headers.first(name: "Retry-After").flatMap({ Int64($0) }), seconds > 0
    else { return }
    let until = ContinuousClock.now + .seconds(min(seconds, Self.longestHold))
    held.withLock { $0[path] = (until, refusal) }
  }

  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    do {
      return try await client.execute(request, timeout: .seconds(Int64(Self.patience)))
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw Problems.refusal(error, of: endpoint)
    }
  }

  private func body(of response: HTTPClientResponse) async throws -> [UInt8] {
    Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView)
  }

  private func refusal(_ response: HTTPClientResponse) async throws -> Refusal {
    let status = response.status.code
    let body = try? await within(seconds: Self.patience) { try await self.body(of: response) }
    return Problems.refusal(status: status, body: body ?? [], of: endpoint)
  }

  private func parse(_ body: [UInt8]) throws(Refusal) -> JSON {
    do throws(JSON.ParseError) {
      return try JSON.parse(body)
    } catch {
      throw Refusal(.clusterMalformed, "\(endpoint.text) answered with no JSON: \(error).")
    }
  }
}
