package import Protection

/// What one `services.d/NAME.conf` says: a service that is protected, and how.
package struct GuardSettings: Sendable, Equatable {
  /// At most this many services are protected on one host.
  package static let maxServices = 64
  /// At most this many files are named for one service.
  package static let maxFiles = 256
  /// At most this many patterns of logs are named for one service.
  package static let maxLogs = 64
  /// What may be allowed: signals that by custom ask a service to do something, and do not end it.
  package static let signals = ["HUP", "USR1", "USR2", "WINCH"]

  /// The unit's name with its suffix. `Unit=`
  package var unit: String
  /// What an upgrade of the service's package needs. `Upgrades=`
  package var upgrades: UpgradePolicy
  /// Absolute paths of files to keep as they are, besides those derived. `Files=`
  package var extraFiles: [String]

  /// Whether this service is protected or only watched; nil for what holds on the host. `Mode=`
  package var mode: ProtectionMode?
  /// Patterns of files that the service writes; nil for those of its package's logrotate file.
  /// `Logs=`
  package var logs: [String]?
  /// Signals that others may send it, by name; nil for those of its package's logrotate file.
  /// `AllowSignals=`
  package var allowSignals: [String]?

  package init(
    unit: String, upgrades: UpgradePolicy = .token, extraFiles: [String] = [],
    mode: ProtectionMode? = nil, logs: [String]? = nil, allowSignals: [String]? = nil
  ) {
    self.unit = unit
    self.upgrades = upgrades
    self.extraFiles = extraFiles
    self.mode = mode
    self.logs = logs
    self.allowSignals = allowSignals
  }

  /// The name of the file in `services.d` that this is written to: `filebeat.conf`.
  package var fileName: String {
    (unit.hasSuffix(ServiceName.suffix) ? String(unit.dropLast(ServiceName.suffix.count)) : unit)
      + ".conf"
  }
}
