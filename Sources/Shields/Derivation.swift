package import Protection

/// A service as it was derived, and where each part of it was found.
package struct Derivation: Sendable {
  package var service: ServiceDefinition
  /// For files whose origin is worth a word: `ExecStart=`, `its command line`.
  package var origins: [String: String]
  /// Sentences for who asked.
  package var notes: [String]
  /// The logrotate file that the logs were read from.
  package var rotation: String?
}

/// What its settings say that a definition takes from them.
package struct DerivingWishes: Sendable {
  /// Further files to keep, such as the command beside the daemon.
  package var files: [String]
  /// Nil: what the package's logrotate file says.
  package var logs: [String]?
  package var allowSignals: [String]?

  package init(files: [String] = [], logs: [String]? = nil, allowSignals: [String]? = nil) {
    self.files = files
    self.logs = logs
    self.allowSignals = allowSignals
  }
}
