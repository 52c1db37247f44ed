internal import ArgumentParser
internal import Linux

/// Puts a cluster's server under the load of a fleet: the real program, real TLS, real SQLite, and as
/// many agents as asked for, each with its own certificate and connection. Says what it measured
/// beside what it may be, and fails where something that was acknowledged is lost, or a restore leaves
/// an agent behind.
@main
struct Soak: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-soak",
    abstract: "Measure a cluster's server with a fleet of simulated agents.")

  @Option(help: "How many agents.")
  var agents = 2000

  @Option(help: "The server's program (default: the one beside this).")
  var server: String?

  @Option(help: "How often the server is killed while agents post records.")
  var kills = 3

  @Flag(help: "Keep the server's directory and log.")
  var keep = false

  func run() async throws {
    ignoreSIGPIPE()
    let server = try ServerUnderTest(program: server)
    do {
      let figures = try await Fleet(server: server, count: agents).measure(kills: kills)
      print(figures.text)
      server.end(keep: keep)
      if !figures.isWhole { exitProcess(1) }
    } catch {
      print("Failed: \(error)")
      server.end(keep: true)
      // What is open then is no longer of interest.
      exitProcess(1)
    }
  }
}
