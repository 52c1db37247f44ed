import ArgumentParser
import ControlSocket

/// What every verb takes.
struct GlobalOptions: ParsableArguments {
  @Flag(name: .long, help: "Print the daemon's reply as it came: one JSON object on a line.")
  var json = false

  @Option(
    name: .long,
    help: ArgumentHelp("The control socket.", valueName: "path", visibility: .hidden),
    completion: .file())
  var socket = Daemon.standardPath

  var daemon: Daemon { Daemon(path: socket) }
}

extension GlobalOptions {
  /// Asks the daemon and prints its answer: as it came with `--json`, in words otherwise.
  ///
  /// - Returns: the reply, for a command that goes on from there.
  /// - Throws: `Failure` for a refusal (with `--json` it has been printed by then) and where there
  ///   was no reply.
  @discardableResult
  func perform(
    _ request: Request, describe: (Reply, View) -> [String]
  ) throws(Failure) -> Reply {
    let reply = try daemon.ask(request)
    try show(reply, describe: describe)
    return reply
  }

  /// Prints a reply: as it came with `--json`, in words otherwise.
  ///
  /// - Parameter isFatal: whether a refusal ends the command.
  func show(
    _ reply: Reply, isFatal: Bool = true, describe: (Reply, View) -> [String]
  ) throws(Failure) {
    if json { Console.print([reply.encoded]) }
    if let refusal = reply.refusal {
      if isFatal { throw json ? refusal.silenced : refusal }
      return
    }
    guard !json else { return }
    let view = View.standardOutput
    let warning = reply.text("warning").map { [view.paint.warning("Warning: \($0)")] } ?? []
    Console.print(describe(reply, view) + warning)
  }
}
