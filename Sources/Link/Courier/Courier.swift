internal import AgentToken
internal import JSON

/// Carries between a host and its cluster what either has signed or recorded, and says on the host
/// whether the cluster is there. It decides nothing: what would loosen is signed, and holdfastd checks
/// it.
///
/// Each lane (what comes down, presence, reports, ledger) is one task that does one thing after the
/// other, and others only ring its bell.
package struct Courier: Sendable {
  let wire: any Wire
  let host: any Host
  /// The cluster's id.
  let cluster: String
  let bundles: BundleShelf
  let log: LinkLog
  /// Called with the machine from time to time while there is a connection: renews the link's
  /// certificate.
  let renew: @Sendable (String) async -> Void
  let pause: @Sendable (Duration) async throws -> Void
  /// A random number from 0 to 1.
  let jitter: @Sendable () -> Double

  package init(
    wire: any Wire, host: any Host, cluster: String, bundles: BundleShelf, log: LinkLog,
    renew: @escaping @Sendable (String) async -> Void = { _ in },
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
  ) {
    self.wire = wire
    self.host = host
    self.cluster = cluster
    self.bundles = bundles
    self.log = log
    self.renew = renew
    self.pause = pause
    self.jitter = jitter
  }

  /// A machine that nothing tells from others: none is enrolled as this one.
  private static let unknownMachine = String(repeating: "0", count: 64)

  /// Keeps a connection for as long as the task is not cancelled.
  package func run() async {
    var reconnection = Reconnection()
    var said: Refusal?
    let memory = Memory()
    do {
      while true {
        let machine = try await waitForHost()
        let session = Session(self, memory: memory, machine: machine)
        let (ending, why) = await session.run()
        try Task.checkCancellation()
        let wait = reconnection.wait(after: ending, lasted: session.lasted, jitter: jitter())
        if session.lasted > 0 || why != said {
          log(
            .notice,
            "\(why.message) The next attempt is in \(wait / 1_000) s. [\(why.code.rawValue)]")
        }
        said = why
        try await pause(.milliseconds(wait))
      }
    } catch {
      // Cancelled: the connections are closed, and so holdfastd knows.
    }
  }

  /// A connection while holdfastd is away would say that all is well with this host.
  ///
  /// - Returns: what tells this machine from a copy of it.
  private func waitForHost() async throws -> String {
    var isFirst = true
    while true {
      do throws(Refusal) {
        return try await host.ask("link")["machine"]?.string ?? Self.unknownMachine
      } catch {
        if isFirst { log(.warning, "\(error.message) Waiting for it.") }
        isFirst = false
      }
      try await pause(.seconds(2))
    }
  }
}

/// Where the newest trust bundle that this host took from a cluster is kept, for a cluster that lost it.
package struct BundleShelf: Sendable {
  package let keep: @Sendable (String) -> Void
  package let kept: @Sendable () -> String?

  package init(
    keep: @escaping @Sendable (String) -> Void = { _ in },
    kept: @escaping @Sendable () -> String? = { nil }
  ) {
    self.keep = keep
    self.kept = kept
  }
}
