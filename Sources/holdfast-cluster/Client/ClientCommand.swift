internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import ClusterClient
internal import JSON
internal import Link

/// What every command takes that asks a cluster.
struct ClientOptions: ParsableArguments {
  @Flag(
    name: .long, help: "Print the reply as one JSON object, with times in seconds since the epoch.")
  var json = false
}

/// A command that asks a cluster. Conforming types say what they do in `perform`; who is asked, how
/// refusals are said and which exit status they give is the same for all.
protocol ClientCommand: AsyncParsableCommand {
  var options: ClientOptions { get }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal)
}

extension ClientCommand {
  func run() async throws {
    try await answering(options) { console throws(Refusal) in
      try await APIClient.use(try ClusterAccess.current()) { api throws(Refusal) in
        try await perform(api, console)
      }
    }
  }
}

/// Does something, and says why where it is refused.
func answering(
  _ options: ClientOptions, _ body: (Console) async throws(Refusal) -> Void
) async throws {
  let console = Console(json: options.json)
  do throws(Refusal) {
    try await body(console)
  } catch Refusal.saidAlready {
    throw ExitCode.failure
  } catch {
    console.refuse(
      error.code == .unauthenticated
        ? Refusal(error.code, error.message, hint: ClusterAccess.wayIn) : error)
    throw ExitCode(error.exitStatus)
  }
}

extension Refusal {
  /// Part of it was refused, and the reply says what.
  static let saidAlready = Refusal(Code(rawValue: "partly_refused"), "")

  /// What scripts go by.
  var exitStatus: Int32 {
    switch code {
    case .usage, .badArguments: 2
    case .clusterUnreachable, .clusterUntrusted: 3
    case .unauthenticated, .loginFailed, .forbidden, .denied, .scopeNotAllowed: 4
    default: 1
    }
  }
}

extension Refusal.Code {
  /// A mistake in what was typed, or in a file that was named.
  static let usage = Self(rawValue: "usage")
}
