package import AgentToken
package import Cluster
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Linux
package import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// The control plane over HTTPS: people's API and agents' links, on one port.
package struct ClusterServer: Service {
  /// Where to listen.
  package struct Address: Sendable, Equatable {
    package let host: String
    /// 0 for any that is free.
    package let port: Int

    package init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  private let plane: ControlPlane
  private let address: Address
  private let logger: Logger
  private let state: ServerState
  private let tls: TLSConfiguration
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - names: host names and addresses that the server's certificate is for.
  ///   - onListening: told the port.
  package init(
    plane: ControlPlane, address: Address, names: [String], limits: ServerLimits = .init(),
    logger: Logger, onListening: @escaping @Sendable (_ port: Int) async -> Void
  ) throws(Refusal) {
    self.plane = plane
    self.address = address
    self.logger = logger
    self.onListening = onListening
    state = ServerState(limits: limits, openAPI: OpenAPIDocument.bytes(Endpoint.all))
    let (certificate, key) = try plane.authority.certifyServer(names: names)
    do {
      tls = try ServerTLS.configuration(
        certificate: certificate, key: key, authority: plane.authority.pem)
    } catch {
      throw Refusal(.internalError, "TLS cannot be set up: \(error)")
    }
  }

  /// Serves until it is told to stop: then agents are told, requests are finished, and what was heard
  /// is kept.
  package func run() async throws {
    let server = try server()
    let housekeeping = Housekeeping(plane: plane, state: state, logger: logger)
    // The last one is stopped first, each before the next.
    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
        .init(service: housekeeping, successTerminationBehavior: .gracefullyShutdownGroup),
      ], logger: Self.quiet(logger))
    configuration.maximumGracefulShutdownDuration = .seconds(10)
    try await ServiceGroup(configuration: configuration).run()
    await plane.flushLastSeen()
  }

  private func server() throws -> any Service {
    let handler = RequestHandler(
      plane: plane, state: state, table: RoutingTable(Endpoint.all), logger: logger)
    let limits = state.limits
    let connections = state.connections
    var http = HTTP1Channel.Configuration(
      additionalChannelHandlers: [ConnectionGuard(limits, connections)])
    http.httpDecoder.maxHeaderFieldSize = limits.headers
    http.httpDecoder.maxHeaderListSize = limits.headers
    http.httpDecoder.maxHeaderFieldCount = limits.headerCount
    let builder = try HTTPServerBuilder.tls(.http1(configuration: http), tlsConfiguration: tls)
    return try builder.buildServer(
      configuration: ServerConfiguration(
        address: .hostname(address.host, port: address.port), backlog: 4096),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Self.quiet(logger),
      responder: { request, writer, channel in
        try await handler.handle(request, writer, channel)
      },
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) })
  }

  /// What the frameworks have to say is for whoever looks for a fault.
  private static func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
  }
}
