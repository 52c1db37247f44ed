import ArgumentParser
import Linux

/// The entry point: parses, runs, and turns whatever went wrong into words on standard error and
/// an exit status.
@main
enum Main {
  static func main() {
    ignoreSIGPIPE()
    exitProcess(run())
  }

  private static func run() -> Int32 {
    do {
      var command = try Holdfast.parseAsRoot()
      try command.run()
      return ExitStatus.done.rawValue
    } catch let failure as Failure {
      failure.lines(paint: .standardError).forEach(Console.error)
      return failure.status.rawValue
    } catch let code as ExitCode {
      // A status that a command chose itself: `with-token` hands on that of what it ran.
      return code.rawValue
    } catch {
      return report(error)
    }
  }

  /// What the argument parser says: help on standard output, a usage error on standard error.
  /// Its own status for usage errors (64) is 2 here.
  private static func report(_ error: any Error) -> Int32 {
    let text = Holdfast.fullMessage(for: error)
    guard Holdfast.exitCode(for: error) == .success else {
      Console.error(text)
      return ExitStatus.usage.rawValue
    }
    Console.print([text])
    return ExitStatus.done.rawValue
  }
}
