internal import Glibc

/// Signals by what they are for: signal(7).
package enum Signals {
  package static let terminate = SIGTERM
  package static let interrupt = SIGINT
  package static let kill = SIGKILL
  package static let `continue` = SIGCONT

  /// Those by which people and other programs end a program.
  static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  /// Whether this program ignores a signal, such as SIGHUP under nohup(1).
  static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    // SIG_IGN is 1 (signal(2)); a function pointer cannot be compared in Swift.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}

/// exit(3).
package func exitProcess(_ status: Int32) -> Never { exit(status) }
