internal import Protection

/// What a class of attacks comes to on a host that has all that the verdict rests on.
///
/// The table is what was measured (SECURITY.md, docs/attacks.md). What is not known to be refused
/// or healed is possible.
struct DiagnosisRule: Sendable {
  var verdict: AttackVerdict
  var reason: String
  var improve: String?
  var needs: [DiagnosisNeed]

  static let kernelShield = "kernel shield"

  private static func refused(_ reason: String, _ needs: DiagnosisNeed...) -> DiagnosisRule {
    DiagnosisRule(verdict: .refused, reason: reason, improve: nil, needs: needs)
  }

  private static func healed(_ reason: String, _ needs: DiagnosisNeed...) -> DiagnosisRule {
    DiagnosisRule(verdict: .healed, reason: reason, improve: nil, needs: needs)
  }

  private static func possible(_ reason: String, improve: String? = nil) -> DiagnosisRule {
    DiagnosisRule(verdict: .possible, reason: reason, improve: improve, needs: [])
  }

  static func rule(for attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .stop, .stopByDependency, .isolate, .managerKill, .freeze, .freezeSlice, .clean, .disable,
      .mask, .defaultTarget:
      units(attack)
    case .dropIn, .shadowUnit, .sharedDropIn, .generator, .managerEnvironment, .bind:
      overriding(attack)
    case .signals, .signalLoop, .stopSignal, .ptrace, .processLimits, .cgroupFreeze, .cgroupKill,
      .cgroupLimits, .cgroupMove, .pid1, .pid1Freeze, .pid1Socket:
      processes(attack)
    case .files, .unflaggedFiles, .openFiles, .libraries, .mountOver, .remount, .fsfreeze,
      .blockDevice, .packageRemoval, .packageChange, .packageRecords, .nonRoot:
      files(attack)
    case .daemonKill, .daemonFreeze, .daemonAndService, .daemonFiles, .state, .oldState,
      .configuration:
      holdfast(attack)
    case .nextBoot, .kernel, .wholeHost, .blinding, .window, .wayDown:
      surroundings(attack)
    }
  }

  private static func units(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .stop: refused("systemd itself refuses (RefuseManualStop=)", .unitShield)
    case .clean: refused("systemd cleans only what does not run", .unitShield)
    case .stopByDependency: healed("systemd starts it again at once (Upholds=)", .unitShield)
    case .isolate:
      healed("left alone by isolate; started again where a shutdown is faked", .unitShield)
    case .managerKill: healed("systemd starts it again at once", .unitShield)
    case .freeze: healed("thawed as it happens", .unitShield, .controlGroups)
    case .freezeSlice: healed("thawed as it happens, or started again", .unitShield, .controlGroups)
    case .disable: healed("links put back, and started at boot without them", .unitShield)
    case .mask: healed("never in effect, and removed", .unitShield)
    default: healed("started at every boot, whatever the target", .unitShield)
    }
  }

  private static func overriding(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .dropIn:
      healed("drop-ins are refused; what set-property sets is undone within seconds", .unitShield)
    case .shadowUnit:
      possible(
        "removed, and never in effect, but a transient unit may take its name as it restarts",
        improve: kernelShield)
    case .sharedDropIn: healed("put out of effect for it before its next start", .unitShield)
    case .generator: healed("put out of effect for it before its next start", .unitShield)
    case .managerEnvironment:
      possible(
        "loaders' and interpreters' variables are unset for it; PATH, and defaults for limits, are not",
        improve: kernelShield)
    default: refused("systemd refuses for what sees the host's mounts", .hostMounts)
    }
  }

  private static func processes(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .signals: healed("systemd starts it again at once", .unitShield)
    case .signalLoop:
      healed("started again each time; down for a part of the time meanwhile", .unitShield)
    case .stopSignal: healed("continued within half a second", .unitShield)
    case .ptrace:
      possible(
        "one that holds it is shaken off; one that reads, writes and goes is not noticed",
        improve: kernelShield)
    case .processLimits:
      possible("limits and priorities are not watched", improve: kernelShield)
    case .cgroupFreeze: healed("thawed as it happens", .unitShield, .controlGroups)
    case .cgroupKill: healed("systemd starts it again at once", .unitShield)
    case .cgroupLimits:
      possible(
        "hard limits are undone; weights, processor sets and set-property on a slice are not",
        improve: kernelShield)
    case .cgroupMove: healed("moved back as it happens", .unitShield, .controlGroups)
    case .pid1: possible("whoever controls PID 1 controls every service", improve: kernelShield)
    case .pid1Freeze:
      possible("thawed by the daemon, unless that is frozen too", improve: kernelShield)
    default: possible("what stands in its place is asked instead of PID 1", improve: kernelShield)
    }
  }

  private static func files(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .files: refused("its files are immutable", .fileShield, .flags)
    case .unflaggedFiles: healed("put back from the baseline, flag included", .fileShield)
    case .openFiles:
      possible(
        "put right as it is noticed, which a clock that is set meanwhile can prevent",
        improve: kernelShield)
    case .libraries:
      possible(
        "what it shares with others is not its own to keep", improve: "Files= of the service")
    case .mountOver: healed("unmounted as it happens", .fileShield, .hostMounts)
    case .remount:
      possible(
        "undone as it happens, but a mount that was detached stays away", improve: kernelShield)
    case .fsfreeze:
      possible("a frozen file system stops whoever writes to it", improve: kernelShield)
    case .blockDevice: possible("root may write to the disk itself", improve: kernelShield)
    case .packageRemoval: refused("its package refuses (prerm)", .packageShield)
    case .packageChange:
      refused("its package refuses, and apt keeps it back", .packageShield, .tokenUpgrades)
    case .packageRecords:
      possible(
        "its own are immutable, and put back; what dpkg keeps of all packages is not",
        improve: kernelShield)
    default: refused("they can do nothing to it that root cannot", .unitShield)
    }
  }

  private static func holdfast(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .daemonKill: healed("started again at once; its shields stand meanwhile", .daemonShields)
    case .daemonFreeze:
      healed("PID 1 thaws it, or its watchdog ends it", .daemonShields, .daemonThaw)
    case .daemonAndService:
      possible(
        "for up to three seconds, until its watchdog fires, a daemon that is held heals nothing",
        improve: kernelShield)
    case .daemonFiles:
      possible(
        "put back from the baseline, but a program that passes for a daemon just killed is not noticed",
        improve: kernelShield)
    case .state:
      possible(
        "kept in two places and put back, but lost where both go while the daemon is held",
        improve: kernelShield)
    case .oldState:
      possible(
        "noticed, unless it is put back in both places while this host is down",
        improve: kernelShield)
    default: refused("only the copy that was accepted counts", .daemonShields)
    }
  }

  private static func surroundings(_ attack: AttackClass) -> DiagnosisRule {
    switch attack {
    case .nextBoot:
      possible("units and generators can run before the daemon does", improve: kernelShield)
    case .kernel:
      possible(
        "root may load modules and other kernels",
        improve: "Secure Boot and lockdown=integrity; " + kernelShield)
    case .wholeHost:
      possible(
        "whoever has the console or the boot loader; protected again at the next boot",
        improve: "a locked boot loader or measured boot")
    case .blinding:
      possible("a service that runs can be cut off", improve: "an alert where it falls silent")
    case .window:
      possible(
        "what is then neither as before nor as shipped is named until it is accepted",
        improve: "short windows, for the one service that needs it")
    default:
      possible(
        "once a real shutdown has begun, stopping it is its purpose",
        improve: kernelShield)
    }
  }
}
