internal import Protection

/// What each class of attacks would come to on a host: a pure function of what was seen there.
package enum Diagnosis {
  /// One finding for each class, in the order of the classes. Where services differ, the worst
  /// counts, and names the service.
  package static func findings(for host: HostFacts) -> [ClassFinding] {
    AttackClass.allCases.map { attack in
      let rule = DiagnosisRule.rule(for: attack)
      let all = host.services.map { service in
        (service.unit, finding(attack, rule, host, service))
      }
      guard let worst = all.max(by: { $0.1.verdict < $1.1.verdict }) else {
        return ClassFinding(
          attack: attack, verdict: .possible, reason: "no service is guarded",
          improve: "holdfast guard add UNIT")
      }
      var result = worst.1
      if all.contains(where: { $0.1.verdict != result.verdict }) {
        result.reason = "\(worst.0): \(result.reason)"
      }
      return result
    }
  }

  private static func finding(
    _ attack: AttackClass, _ rule: DiagnosisRule, _ host: HostFacts, _ service: ServiceFacts
  ) -> ClassFinding {
    var result = ClassFinding(
      attack: attack, verdict: rule.verdict, reason: rule.reason, improve: rule.improve)
    for need in rule.needs {
      guard let lack = need.lack(host, service), lack.verdict > result.verdict else { continue }
      result.verdict = lack.verdict
      result.reason = lack.reason
      result.improve = lack.improve
    }
    return result
  }
}

/// What a verdict rests on.
enum DiagnosisNeed: Sendable {
  case unitShield, fileShield, packageShield
  /// The immutable flag on the service's files.
  case flags
  /// dpkg is to be let through with a token only.
  case tokenUpgrades
  case controlGroups
  /// The service sees the mounts that the host sees.
  case hostMounts
  /// The daemon's own shields.
  case daemonShields, daemonFlags
  /// Somebody else than its watchdog brings a frozen daemon back.
  case daemonThaw

  /// What follows where it is not there; nil where it is.
  func lack(
    _ host: HostFacts, _ service: ServiceFacts
  ) -> (verdict: AttackVerdict, reason: String, improve: String?)? {
    switch self {
    case .unitShield: return shield("unit", service)
    case .fileShield: return shield("file", service)
    case .packageShield: return service.isPackaged ? shield("package", service) : nil
    case .flags:
      return service.unflaggable.map {
        (
          .healed, "\($0) lies on a file system without the immutable flag: watched, and put back",
          "a file system with chattr(1)'s flags, such as ext4, xfs or btrfs"
        )
      }
    case .tokenUpgrades:
      guard service.isPackaged, service.upgradesFreely else { return nil }
      return (
        .possible, "Upgrades=any lets dpkg put any version in place", "Upgrades=token"
      )
    case .controlGroups:
      guard !host.hasUnifiedControlGroups else { return nil }
      return (
        .possible, "this host has no unified control groups, so it is not seen",
        "systemd.unified_cgroup_hierarchy=1 on the kernel command line"
      )
    case .hostMounts:
      guard service.hasOwnMounts else { return nil }
      return (
        .possible, "it has a mount namespace of its own, and mounts in there are not seen",
        DiagnosisRule.kernelShield
      )
    case .daemonShields:
      return host.daemonDamage.map {
        (.possible, "Holdfast's own shields are damaged: \($0)", "holdfast status")
      }
    case .daemonFlags:
      return host.daemonUnflaggable.map {
        (
          .healed, "\($0) lies on a file system without the immutable flag: watched, and put back",
          "a file system with chattr(1)'s flags"
        )
      }
    case .daemonThaw:
      // systemd suspends the watchdog of what it freezes, and resumes it with the thaw only.
      guard host.systemd >= 254 || host.systemd == 0 else { return nil }
      return (
        .possible,
        host.thawsDaemon
          ? "PID 1 thaws it, but systemd \(host.systemd) never starts a unit again that was killed "
            + "while it was frozen"
          : "systemd \(host.systemd) suspends the watchdog of a unit that it freezes, "
            + "and nothing else thaws the daemon",
        DiagnosisRule.kernelShield
      )
    }
  }

  private func shield(
    _ name: String, _ service: ServiceFacts
  ) -> (verdict: AttackVerdict, reason: String, improve: String?)? {
    if let opening = service.opening { return (.possible, opening.reason, opening.improve) }
    if service.waiting.contains(name) {
      return (.possible, "its \(name) shield waits for a package manager that is running", nil)
    }
    return service.damage[name].map {
      (.possible, "its \(name) shield is damaged: \($0)", "holdfast status says how it stands")
    }
  }
}
