internal import ArgumentParser
internal import Linux

/// Exit status: 0 done (also when it was so already), 1 refused or failed, 2 usage; of what asks a
/// server, also 3 where it cannot be reached, and 4 for who may not or is not logged in.
@main
enum Main {
  static func main() async {
    ignoreSIGPIPE()
    // Swift takes them from /proc; a chroot without it would look like a call without any.
    guard !CommandLine.arguments.isEmpty else {
      Console(json: false).note("The arguments cannot be read here: /proc is not mounted.")
      exitProcess(1)
    }
    do {
      var command = try HoldfastCluster.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// ArgumentParser's own errors, with our exit status.
  private static func end(with error: any Error) -> Never {
    let code = HoldfastCluster.exitCode(for: error)
    let message = HoldfastCluster.fullMessage(for: error)
    if !message.isEmpty {
      let text = Array((message + "\n").utf8)
      try? (code.isSuccess ? FileDescriptor.standardOutput : .standardError).writeAll(text)
    }
    exitProcess(code == .validationFailure ? 2 : code.rawValue)
  }
}
