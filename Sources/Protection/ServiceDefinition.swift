/// What one protected service consists of, as it was when it was last accepted: its baseline.
///
/// Derived from systemd and the package database, stored by the daemon, and the only thing the
/// shields go by. Taken anew whenever the service is engaged after a release, so that what was
/// changed with permission is not put back.
package struct ServiceDefinition: Sendable, Equatable {
  /// The unit's name with its suffix, such as `filebeat.service`.
  package var unit: String
  package var description: String
  /// The unit itself first, then those that fall with it (Holdfast's own socket).
  package var units: [ProtectedUnit]
  /// Executables and other files of the service that stay as they are.
  package var programs: [KeptFile]
  /// Configuration files.
  package var settings: [KeptFile]
  package var package: InstalledPackage?
  /// The mounts that all of it lies on, in mounting order; nil where they were not looked at.
  package var mounts: [KeptMount]?
  package var upgrades: UpgradePolicy
  package var addedBy: AddedBy
  /// Patterns of files that the service writes and others rotate: never in the baseline.
  package var logs: [String]
  /// Signals that others may send it, such as the `HUP` after a rotation.
  package var allowSignals: [String]
  /// The newest version that a signed release here has for its package, where that is newer than the
  /// one installed: what apt is told to take.
  package var offered: String?
  /// dpkg was let through to a version that a signed release lists.
  package var signedUpgrade: SignedUpgrade?
  /// dpkg is changing its files now, and may. Said anew each time it is looked at, never stored.
  package var isInPackageRun = false
  /// dpkg may put drop-ins beside the packaged unit meanwhile. Never stored either.
  package var takesPackagedDropIns = true
  /// Scripts may restart it meanwhile. Never stored either.
  package var scriptsMayRestart = true
  /// Seconds that PID 1 waits before it starts the service again: more than none where that ends
  /// by itself again and again. Never stored either.
  package var restartDelay = 0

  package init(
    unit: String, description: String, units: [ProtectedUnit], programs: [KeptFile],
    settings: [KeptFile], package: InstalledPackage?, upgrades: UpgradePolicy, addedBy: AddedBy,
    logs: [String] = [], allowSignals: [String] = []
  ) {
    self.unit = unit
    self.description = description
    self.units = units
    self.programs = programs
    self.settings = settings
    self.package = package
    self.upgrades = upgrades
    self.addedBy = addedBy
    self.logs = logs
    self.allowSignals = allowSignals
  }
}

extension ServiceDefinition {
  /// Whether there was no such service, or only a mask, when the baseline was taken.
  package var isAbsent: Bool { units.first?.fragment == nil }

  /// Whether dpkg may have it in hand without a window.
  package var isOpenToPackage: Bool { upgrades == .any || signedUpgrade != nil }

  /// Whether maintainer scripts may restart it just now: many end with an error where they cannot.
  package var letsPackageRestart: Bool { isInPackageRun && isOpenToPackage && scriptsMayRestart }

  /// The other names of the service itself (`Alias=` in systemd.unit(5)).
  package var aliases: [String] { units.first?.aliases ?? [] }

  /// Whether one of its units is there all the time, and not only while something it helps with is
  /// being done.
  package func staysUp(_ unit: ProtectedUnit) -> Bool {
    unit.name == self.unit || unit.type != "oneshot"
  }
}

/// A systemd unit as the baseline has it.
package struct ProtectedUnit: Sendable, Equatable {
  package var name: String
  /// The unit file that counted, empty if the unit was not installed when the baseline was taken.
  package var fragment: KeptFile?
  /// Drop-ins that were in effect, none of them Holdfast's.
  package var dropIns: [KeptFile]
  /// Links that enable it, and its aliases.
  package var links: [KeptLink]
  /// Files and links of its name in other unit directories, found there and left alone.
  package var shadows: [String]
  /// Its own drop-in directories that existed before Holdfast took them into possession.
  package var ownDirectories: [String]
  /// `Type=` of a service (systemd.service(5)); a oneshot takes no `Restart=always`.
  package var type: String
  /// Loader variables that the unit sets itself, which it therefore keeps.
  package var ownEnvironment: [String]
  /// Its other names.
  package var aliases: [String]
  /// `DefaultDependencies=` (systemd.unit(5)), as it was without Holdfast.
  package var hasDefaultDependencies: Bool

  package init(
    name: String, fragment: KeptFile?, dropIns: [KeptFile], links: [KeptLink], shadows: [String],
    ownDirectories: [String], type: String, ownEnvironment: [String], aliases: [String] = [],
    hasDefaultDependencies: Bool = false
  ) {
    self.name = name
    self.fragment = fragment
    self.dropIns = dropIns
    self.links = links
    self.shadows = shadows
    self.ownDirectories = ownDirectories
    self.type = type
    self.ownEnvironment = ownEnvironment
    self.aliases = aliases
    self.hasDefaultDependencies = hasDefaultDependencies
  }
}

extension ProtectedUnit {
  /// Every drop-in that was in effect, those that are links included.
  package var knownDropIns: Set<String> { Set(dropIns.map(\.path) + links.map(\.path)) }

  /// The drop-ins of its prefix or type that it goes by, and others may have: not those that are made
  /// anew at every boot.
  package var sharedDropIns: [KeptFile] {
    let own = Set(ownDropIns.map(\.path))
    return dropIns.filter { !own.contains($0.path) && !$0.path.hasPrefix("/run/") }
  }

  /// The drop-ins that are this unit's alone and stay where they are: not those of its prefix or
  /// type, which others own and upgrade, and not a generator's.
  package var ownDropIns: [KeptFile] {
    dropIns.filter { file in
      let parts = file.path.split(separator: "/")
      return parts.dropLast().last.map(String.init) == "\(name).d"
        && !UnitPaths.generated.contains { file.path.hasPrefix("\($0)/") }
    }
  }
}

/// A file as the baseline has it; its contents lie in the baseline store under `hash`.
package struct KeptFile: Sendable, Hashable {
  package var path: String
  /// SHA-256, lower-case hexadecimal.
  package var hash: String
  package var size: Int64
  /// Permission bits, 07777.
  package var mode: UInt32
  package var uid: UInt32
  package var gid: UInt32

  package init(
    path: String, hash: String, size: Int64, mode: UInt32, uid: UInt32, gid: UInt32
  ) {
    self.path = path
    self.hash = hash
    self.size = size
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}

/// A symbolic link as the baseline has it.
package struct KeptLink: Sendable, Equatable {
  package var path: String
  package var target: String

  package init(path: String, target: String) {
    self.path = path
    self.target = target
  }
}

/// A mount as the baseline has it: proc_pid_mountinfo(5).
package struct KeptMount: Sendable, Equatable {
  package var point: String
  package var isReadOnly: Bool
  package var forbidsPrograms: Bool

  package init(point: String, isReadOnly: Bool, forbidsPrograms: Bool) {
    self.point = point
    self.isReadOnly = isReadOnly
    self.forbidsPrograms = forbidsPrograms
  }
}

/// A package as dpkg's status file had it.
package struct InstalledPackage: Sendable, Equatable {
  package var name: String
  package var version: String
  package var architecture: String
  /// Its files in /var/lib/dpkg/info, prerm not among them.
  package var records: [KeptFile]
  /// Its prerm, if it has one.
  package var prerm: KeptFile?
  /// Where its prerm is, or would be.
  package var prermPath: String

  package init(
    name: String, version: String, architecture: String, records: [KeptFile], prerm: KeptFile?,
    prermPath: String
  ) {
    self.name = name
    self.version = version
    self.architecture = architecture
    self.records = records
    self.prerm = prerm
    self.prermPath = prermPath
  }
}

/// What an upgrade of a protected package needs, the strictest first.
package enum UpgradePolicy: String, Sendable, CaseIterable, Comparable {
  /// An unprotect, of this service at least.
  case token
  /// That a release signed by the cluster lists it, file by file.
  case signed
  /// Nothing: dpkg is let through, and what it brings is the new baseline. Whoever is root can then
  /// replace the service by a package of its name.
  case any

  package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .token: 0
    case .signed: 1
    case .any: 2
    }
  }
}

/// Who asked for a service to be protected.
package struct AddedBy: Sendable, Equatable {
  package var uid: Int64
  package var loginUID: Int64?
  /// Seconds since the epoch.
  package var at: Int64

  package init(uid: Int64, loginUID: Int64?, at: Int64) {
    self.uid = uid
    self.loginUID = loginUID
    self.at = at
  }
}
