import ArgumentParser
import Linux

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which attacks this host refuses, heals, or lets through.",
    discussion: """
      It looks, and attacks nothing; --prove does, aiming at a canary that is there for it. \
      Exit status 0: this host is protected, and its shields are whole (with --strict: and \
      nothing is possible). 1: not so. What is possible on every host without a kernel shield does \
      not make it 1.
      """)

  /// What carries out `--prove`.
  private static let prover = "/usr/libexec/holdfast/holdfast-prove"

  @Flag(name: .long, help: "Run real attacks against a canary, and nothing else.")
  var prove = false

  @Flag(name: .long, help: "Exit status 1 also where anything is possible.")
  var strict = false

  @OptionGroup var options: GlobalOptions

  @Argument(help: ArgumentHelp("Judge only these units.", valueName: "unit"))
  var units: [UnitArgument] = []

  func validate() throws {
    if prove, strict || !units.isEmpty {
      throw ValidationError("--prove goes with neither --strict nor a unit.")
    }
  }

  func run() throws {
    if prove { throw proving() }
    var request = Request("doctor")
    for unit in units { request = try request.adding(unit.name, name: "the unit's name") }
    let reply = try options.perform(request) { DoctorReport(reply: $0, view: $1).lines }
    let isGood =
      reply.flag("whole") && (!strict || reply.number("possible") == 0)
    if !isGood { throw ExitCode(ExitStatus.refused.rawValue) }
  }

  /// Becomes the prover; comes back only with why that failed.
  private func proving() -> Failure {
    var command = [Self.prover, "--socket", options.socket]
    if options.json { command.append("--json") }
    let error = Processes.replace(with: command)
    return Failure(
      .refused, "\(Self.prover) cannot be run: \(Text.reason(of: error))",
      hint: "It comes with the package holdfast: reinstall that.")
  }
}
