package import AgentToken
internal import Linux
internal import NIOCore
internal import NIOPosix

/// The service: a courier for the host it runs on.
package struct LinkService: Sendable {
  package var directory: StateDirectory
  package var controlSocket: String
  package var log: LinkLog
  /// An environment variable's value.
  package var variable: @Sendable (String) -> String?

  package init(
    directory: StateDirectory = StateDirectory(),
    controlSocket: String = "/run/holdfast/control.sock", log: LinkLog,
    variable: @escaping @Sendable (String) -> String? = { Environment.value(of: $0) }
  ) {
    self.directory = directory
    self.controlSocket = controlSocket
    self.log = log
    self.variable = variable
  }

  /// How often it gives back what a link at rest does not need: most of what a handshake touched.
  private static let rest = Duration.seconds(60)

  /// Runs until the task is cancelled.
  ///
  /// - Parameter ready: called once all is read and the courier is on its way.
  /// - Returns: whether there was anything to do: false where the host is enrolled with no cluster.
  package func run(ready: @Sendable () -> Void) async throws(Refusal) -> Bool {
    guard let state = try directory.load() else { return false }
    let tls = try ServerTrust.configuration(
      authority: state.authority, certificate: state.certificate, key: state.key)
    let proxy: ProxySettings?
    do throws(ProxySettings.Unusable) {
      proxy = try ProxySettings.of(state.endpoint, variable: variable)
    } catch {
      throw .unusableProxy
    }
    // One thread: there is one long connection, and little goes over it.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let wire = HTTPWire(endpoint: state.endpoint, proxy: proxy, tls: tls, group: group)
    let renewer = Renewer(state, in: directory, wire: wire, log: log, now: { Clock.wall() })
    let courier = Courier(
      wire: wire, host: ControlSocketHost(path: controlSocket, group: group),
      cluster: state.identity.cluster, bundles: directory.shelf, log: log,
      renew: { await renewer.renewIfDue(machine: $0) })
    log(
      .information,
      "Carrying for agent \(state.identity.agent) of \(state.identity.cluster) at "
        + "\(state.endpoint.text)\(proxy.map { " through \($0.host):\($0.port)" } ?? "").")
    ready()
    let resting = Task {
      while true {
        try await Task.sleep(for: Self.rest)
        ResidentCode.release()
      }
    }
    await courier.run()
    resting.cancel()
    await wire.close()
    try? await group.shutdownGracefully()
    return true
  }
}

extension Refusal {
  package static let unusableProxy = Refusal(
    .badArguments, "HTTPS_PROXY is set to something that is no proxy.",
    hint: "It is http://HOST:PORT, with NAME:PASSWORD@ before the host where the proxy wants them.")
}
