import ArgumentParser
import Linux
import Version

/// `holdfast doctor --prove`: a canary is guarded, attacked for real, and taken away again.
///
/// Exit status: 0 where nothing succeeded that `doctor` does not list as possible, 1 where
/// something did or it could not be tried, 2 wrong usage, 3 the daemon cannot be reached, 4 not
/// permitted, 5 not enrolled; 128 and the signal's number where a signal ended it.
@main
enum Main {
  static func main() {
    ignoreSIGPIPE()
    exitProcess(run())
  }

  private static func run() -> Int32 {
    do {
      let command = try Command.parse()
      // From here to the end nothing but SIGKILL keeps this program from cleaning up, and then its
      // guardian does.
      let signals = HeldSignals()
      if let process = command.after {
        Guardian.wait(for: process, holding: signals)
        return 0
      }
      return Prover(command: command, signals: signals).run()
    } catch {
      let text = Command.fullMessage(for: error)
      let isHelp = Command.exitCode(for: error) == .success
      Output.write(text, to: isHelp ? .standardOutput : .standardError)
      return isHelp ? 0 : 2
    }
  }
}

struct Command: ParsableArguments {
  static let _commandName = "holdfast-prove"

  @Flag(name: .long, help: "Print one JSON object a line: each attack, then the sum.")
  var json = false

  @Option(name: .long, help: ArgumentHelp("The control socket.", valueName: "path"))
  var socket = "/run/holdfast/control.sock"

  @Option(name: .long, help: ArgumentHelp("Clean up after this process.", visibility: .hidden))
  var after: Int32?
}
