/// A class of attacks on a protected service: the one list that `doctor` judges by, that
/// `doctor --prove` tries and that the attack suite measures.
///
/// Raw values are part of the control socket's contract: they are added to, never renamed. Titles
/// are for people and may change.
package enum AttackClass: String, Sendable, CaseIterable {
  // What PID 1 does when it is asked.
  case stop
  case stopByDependency = "stop-by-dependency"
  case isolate
  case managerKill = "manager-kill"
  case freeze
  case freezeSlice = "freeze-slice"
  case clean

  // What would be so from the next start or boot on.
  case disable
  case mask
  case defaultTarget = "default-target"

  // What would change what the service is.
  case dropIn = "drop-in"
  case shadowUnit = "shadow-unit"
  case sharedDropIn = "shared-drop-in"
  case generator
  case managerEnvironment = "manager-environment"
  case bind

  case signals
  case signalLoop = "signal-loop"
  case stopSignal = "stop-signal"

  case ptrace
  case processLimits = "process-limits"

  case cgroupFreeze = "cgroup-freeze"
  case cgroupKill = "cgroup-kill"
  case cgroupLimits = "cgroup-limits"
  case cgroupMove = "cgroup-move"

  case pid1
  case pid1Freeze = "pid1-freeze"
  case pid1Socket = "pid1-socket"

  case files
  case unflaggedFiles = "unflagged-files"
  case openFiles = "open-files"
  case libraries

  case mountOver = "mount-over"
  case remount
  case fsfreeze
  case blockDevice = "block-device"

  case packageRemoval = "package-removal"
  case packageChange = "package-change"
  case packageRecords = "package-records"

  case nonRoot = "non-root"

  case daemonKill = "daemon-kill"
  case daemonFreeze = "daemon-freeze"
  case daemonAndService = "daemon-and-service"
  case daemonFiles = "daemon-files"
  case state
  case oldState = "old-state"
  case configuration

  case nextBoot = "next-boot"
  case kernel
  case wholeHost = "whole-host"
  case blinding
  case window
  case wayDown = "way-down"
}

extension AttackClass {
  package var id: String { rawValue }

  /// What a person reads: the attack in a few words, in lower case.
  package var title: String {
    switch self {
    case .stop: "stop, restart, try-restart"
    case .stopByDependency: "stopping it through another unit"
    case .isolate: "isolate, rescue, a faked shutdown"
    case .managerKill: "systemctl kill"
    case .freeze: "systemctl freeze"
    case .freezeSlice: "freezing or stopping its slice"
    case .clean: "systemctl clean"
    case .disable: "disable, preset, missing links"
    case .mask: "mask"
    case .defaultTarget: "another default target"
    case .dropIn: "edit, set-property, drop-ins of its own"
    case .shadowUnit: "another unit file of its name"
    case .sharedDropIn: "drop-ins for its prefix or type"
    case .generator: "generators"
    case .managerEnvironment: "LD_PRELOAD and its like from systemd"
    case .bind: "systemctl bind, mount-image"
    case .signals: "kill, pkill, killall"
    case .signalLoop: "kill in a loop"
    case .stopSignal: "SIGSTOP"
    case .ptrace: "debuggers, writing to its memory"
    case .processLimits: "limits and priority of its processes"
    case .cgroupFreeze: "cgroup.freeze"
    case .cgroupKill: "cgroup.kill"
    case .cgroupLimits: "limits of its cgroup"
    case .cgroupMove: "moving its processes to another cgroup"
    case .pid1: "killing, tracing or replacing systemd"
    case .pid1Freeze: "freezing systemd"
    case .pid1Socket: "systemd's own socket"
    case .files: "removing or changing its files"
    case .unflaggedFiles: "chattr -i first"
    case .openFiles: "files that were open before"
    case .libraries: "libraries, interpreters, ld.so.preload"
    case .mountOver: "mounting over its files"
    case .remount: "remounting, unmounting what is below it"
    case .fsfreeze: "freezing its file system"
    case .blockDevice: "writing to the disk itself"
    case .packageRemoval: "apt remove, dpkg --purge"
    case .packageChange: "another version of its package"
    case .packageRecords: "the package database"
    case .nonRoot: "users who are not root"
    case .daemonKill: "killing or stopping holdfastd"
    case .daemonFreeze: "freezing holdfastd"
    case .daemonAndService: "holdfastd and the service at once"
    case .daemonFiles: "Holdfast's own files, units and package"
    case .state: "Holdfast's state"
    case .oldState: "an old copy of Holdfast's state"
    case .configuration: "looser settings in /etc/holdfast"
    case .nextBoot: "striking early in the next boot"
    case .kernel: "modules, kexec, kernel memory"
    case .wholeHost: "power, another boot medium, the kernel command line"
    case .blinding: "cutting off its network"
    case .window: "what is planted while it is unprotected"
    case .wayDown: "striking while the host goes down"
    }
  }

  /// The classes' groups, each a row of the threat model.
  package enum Group: String, Sendable, CaseIterable {
    case jobs = "manager jobs"
    case dependencies = "manager jobs by dependency"
    case killAndFreeze = "manager kill and freeze"
    case switchingOff = "switching off"
    case overriding
    case signals
    case processes
    case cgroups
    case manager = "the manager itself"
    case files
    case mounts
    case packages
    case nonRoot = "non-root"
    case holdfast = "Holdfast itself"
    case kernel
    case nextBoot = "the next boot"
    case wholeHost = "whole host"
    case blinding
    case window = "the window"
    case wayDown = "the way down"
  }

  package var group: Group {
    switch self {
    case .stop: .jobs
    case .stopByDependency, .isolate: .dependencies
    case .managerKill, .freeze, .freezeSlice, .clean: .killAndFreeze
    case .disable, .mask, .defaultTarget: .switchingOff
    case .dropIn, .shadowUnit, .sharedDropIn, .generator, .managerEnvironment, .bind: .overriding
    case .signals, .signalLoop, .stopSignal: .signals
    case .ptrace, .processLimits: .processes
    case .cgroupFreeze, .cgroupKill, .cgroupLimits, .cgroupMove: .cgroups
    case .pid1, .pid1Freeze, .pid1Socket: .manager
    case .files, .unflaggedFiles, .openFiles, .libraries: .files
    case .mountOver, .remount, .fsfreeze, .blockDevice: .mounts
    case .packageRemoval, .packageChange, .packageRecords: .packages
    case .nonRoot: .nonRoot
    case .daemonKill, .daemonFreeze, .daemonAndService, .daemonFiles, .state, .oldState,
      .configuration:
      .holdfast
    case .kernel: .kernel
    case .nextBoot: .nextBoot
    case .wholeHost: .wholeHost
    case .blinding: .blinding
    case .window: .window
    case .wayDown: .wayDown
    }
  }
}

/// What becomes of an attack.
package enum AttackVerdict: String, Sendable, CaseIterable {
  /// The service never stopped, and unit, files and package are as before.
  case refused
  /// It was down or changed, and is back by itself.
  case healed
  /// It works on this host.
  case possible
}

extension AttackVerdict: Comparable {
  /// The better for the service, the less.
  package static func < (one: AttackVerdict, other: AttackVerdict) -> Bool {
    one.rank < other.rank
  }

  private var rank: Int {
    switch self {
    case .refused: 0
    case .healed: 1
    case .possible: 2
    }
  }
}
