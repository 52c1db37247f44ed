internal import AgentToken
internal import ArgumentParser

/// What commands take that are about a server's data directory, not about a server.
struct DataOptions: ParsableArguments {
  /// As systemd makes it for the server.
  static let usual = "/var/lib/holdfast-cluster"

  @Option(name: .long, help: ArgumentHelp("The server's data directory.", valueName: "DIR"))
  var data = DataOptions.usual

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func perform(_ body: (Console) throws(Refusal) -> Void) throws {
    let console = Console(json: json)
    do throws(Refusal) {
      try body(console)
    } catch {
      console.refuse(error)
      throw ExitCode.failure
    }
  }
}
