internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import ClusterSQLite
internal import ClusterServer
internal import Issuing
internal import Linux
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals
internal import Version

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a cluster: its API for people, and the links of its agents.",
    discussion: """
      Needs no configuration: the first time, it makes its data directory, its keys, and an \
      administrator, and prints once what to log in with.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("Where everything is kept that it knows.", valueName: "DIR"))
  var data = DataOptions.usual

  @Option(
    name: .long,
    help: ArgumentHelp("Where to listen (default: 0.0.0.0:8443)", valueName: "ADDRESS:PORT"))
  var listen: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A name or address that hosts and people reach it by, besides this host's own name; may be "
        + "given again.", valueName: "HOST"))
  var name: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Settings (default: /etc/holdfast/cluster.conf)", valueName: "FILE"))
  var config: String?

  @Option(
    name: .long,
    help: ArgumentHelp("The id of a new cluster (default: a random one)", valueName: "ID"))
  var cluster: String?

  @Flag(name: .long, help: "Log also what happens all the time.")
  var verbose = false

  func run() async throws {
    let console = Console(json: false)
    do {
      try await serve(console)
    } catch let refusal as Refusal {
      console.refuse(refusal)
      throw ExitCode.failure
    } catch {
      console.note("Failed: \(error).")
      throw ExitCode.failure
    }
  }

  private func serve(_ console: Console) async throws {
    let logger = Logger(label: "holdfast-cluster") { _ in
      ServerLog(level: verbose ? .debug : .info)
    }
    let options = try ServeOptions(config: config, listen: listen, names: name)
    let (directory, newborn) = try ServerDirectory.open(
      data, cluster: cluster, surroundings: .real(describe: { LocalTime.text($0) }))
    let store = try await SQLiteStore.open(path: directory.databasePath)
    let plane = ControlPlane(
      cluster: try directory.signer.bundle().cluster, settings: options.settings, store: store,
      signer: directory.signer, authority: directory.authority, secrets: directory.secrets,
      hub: LinkHub(), limits: AttemptLimits(), now: { Clock.wall() })
    var words = newborn.map { [text($0, plane)] } ?? []
    if let (name, password) = try await plane.firstAdministrator() {
      words.append(
        "To log in for the first time:\n  name      \(name)\n  password  \(password)\n")
    }
    if !words.isEmpty {
      try FirstWords(directory: data).say(words.joined(separator: "\n"), console)
    }
    if try directory.signer.rootLiesHere() {
      logger.warning(
        "the root key lies in \(data)/issuer, sealed; the server does not need it: keep it elsewhere"
      )
    }
    let server = try ClusterServer(
      plane: plane, address: options.address, names: options.names, logger: logger
    ) { port in
      logger.notice(
        "holdfast-cluster \(holdfastVersion) serves cluster \(plane.cluster) on \(options.address.host):\(port)"
      )
      _ = try? ServiceManager.notify("READY=1")
    }
    do {
      try await ServiceGroup(
        configuration: .init(
          services: [server, Goodbye()], gracefulShutdownSignals: [.sigterm, .sigint],
          logger: Logger(label: "lifecycle") { _ in ServerLog(level: .error) })
      ).run()
    } catch is CancellationError {
      // What did not finish in time was cut off.
    }
    try await store.close()
    withExtendedLifetime(directory) {}
  }

  private func text(_ newborn: ServerDirectory.Newborn, _ plane: ControlPlane) -> String {
    """
    This is said once. Cluster \(newborn.cluster) was made in \(data).

    Its root key is sealed with this passphrase. It is needed only to add or replace keys:
      \(newborn.rootPassphrase)
    Hosts know this cluster by the fingerprint of its authority:
      \(plane.authority.fingerprint)

    """
  }
}

/// What is said once and holds secrets: on the terminal, but not into a journal that keeps it.
private struct FirstWords {
  let directory: String

  func say(_ text: String, _ console: Console) throws(Refusal) {
    guard Environment.value(of: "JOURNAL_STREAM") != nil else { return console.note(text) }
    let path = "\(directory)/first-login"
    do {
      try Files.writeAtomically(path, Array(text.utf8), mode: 0o600)
    } catch {
      throw Refusal(error, "write \(path)")
    }
    console.note("What to log in with the first time is in \(path): read it, then remove it.")
  }
}

/// Tells systemd that the end has begun.
private struct Goodbye: Service {
  func run() async throws {
    try? await gracefulShutdown()
    _ = try? ServiceManager.notify("STOPPING=1")
  }
}
