internal import Glibc

/// Signals by what they are for: signal(7).
package enum Signals {
  package static let terminate = SIGTERM
  package static let interrupt = SIGINT
  package static let `continue` = SIGCONT
}

/// exit(3).
package func exitProcess(_ status: Int32) -> Never { exit(status) }
