import ArgumentParser
import Linux

struct WithToken: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "with-token",
    abstract: "Unprotect, run a command, and protect again whatever becomes of it.",
    discussion: """
      The exit status is the command's (128 and the signal's number where a signal ended it, 127 \
      where it was not found, 126 where it could not be run). A command that succeeded and a \
      host that could not be protected again is a failure: 1, 3 or 4. With - and no terminal, the \
      token is all of standard input; --file leaves it to the command.
      """)

  @OptionGroup var token: TokenOptions

  @Option(
    name: .long,
    help: ArgumentHelp("Release only this unit. Can be repeated.", valueName: "unit"))
  var only: [UnitArgument] = []

  @OptionGroup var passedAlong: BundleOption
  @OptionGroup var options: GlobalOptions

  @Argument(
    parsing: .postTerminator, help: ArgumentHelp("What to run.", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("There is no command: holdfast with-token - -- COMMAND")
    }
  }

  func run() throws {
    // A mistyped command should not cost a token.
    if let error = ChildProcess.obstacle(to: command[0]) { throw ExitCode(cannotRun(error)) }
    let request = try Unprotect.request(token: token.read(), only: only)
    try passedAlong.send(options)
    // From here to the end nothing but SIGKILL keeps this program from protecting again.
    let signals = HeldSignals()
    try open(request)
    let status = signals.pending().map { 128 + $0 } ?? runCommand(holding: signals)
    let failure = protectAgain()
    if status == 0, let failure { throw failure.silenced }
    throw ExitCode(status)
  }

  private func open(_ request: Request) throws(Failure) {
    let reply: Reply
    do {
      reply = try options.daemon.ask(request)
    } catch {
      // The request may have got through and only its answer been lost.
      if error.status == .unreachable { _ = try? options.daemon.ask(Request("protect")) }
      throw error
    }
    if options.json { Console.error(reply.encoded) }
    if let refusal = reply.refusal { throw options.json ? refusal.silenced : refusal }
    guard !options.json else { return }
    GrantText.opened(reply, view: .standardError).forEach(Console.error)
  }

  /// - Returns: the exit status to end with.
  private func runCommand(holding signals: HeldSignals) -> Int32 {
    switch ChildProcess.run(command, holding: signals) {
    case .ended(let status):
      return status
    case .notRun(let error):
      return cannotRun(error)
    }
  }

  /// Says why, and returns the exit status that shells have for it.
  private func cannotRun(_ error: SystemError) -> Int32 {
    let isMissing = error.errno == ErrorNumber.noSuchFile
    let reason = isMissing ? "there is no such command" : Text.reason(of: error)
    Console.error("\(Text.printable(command[0])) cannot be run: \(reason).")
    return isMissing ? 127 : 126
  }

  /// Protects again, more than once where the daemon is not there: what was run may just have
  /// restarted it (and a daemon that starts protects by itself).
  ///
  /// - Returns: why not, already said; nil when done.
  private func protectAgain() -> Failure? {
    var failure: Failure?
    for attempt in 1...5 {
      do {
        let reply = try options.daemon.ask(Request("protect"))
        if options.json { Console.error(reply.encoded) }
        failure = reply.refusal
        if failure == nil {
          if !options.json { GrantText.closed(reply, view: .standardError).forEach(Console.error) }
          return nil
        }
        break
      } catch {
        failure = error
        if error.status != .unreachable { break }
      }
      if attempt < 5 { Clock.sleep(microseconds: 1_000_000) }
    }
    Console.error("NOT protected again. Do it by hand: holdfast protect")
    failure?.lines(paint: .standardError).forEach(Console.error)
    return failure
  }
}
