package import Protection

/// What one `services.d/NAME.conf` says: a service that is protected, and how.
package struct GuardSettings: Sendable, Equatable {
  /// At most this many services are protected on one host.
  package static let maxServices = 64
  /// At most this many files are named for one service.
  package static let maxFiles = 256

  /// The unit's name with its suffix. `Unit=`
  package var unit: String
  /// What an upgrade of the service's package needs. `Upgrades=`
  package var upgrades: UpgradePolicy
  /// Absolute paths of files to keep as they are, besides those derived. `Files=`
  package var extraFiles: [String]

  package init(unit: String, upgrades: UpgradePolicy = .token, extraFiles: [String] = []) {
    self.unit = unit
    self.upgrades = upgrades
    self.extraFiles = extraFiles
  }

  /// The name of the file in `services.d` that this is written to: `filebeat.conf`.
  package var fileName: String {
    (unit.hasSuffix(ServiceName.suffix) ? String(unit.dropLast(ServiceName.suffix.count)) : unit)
      + ".conf"
  }
}
