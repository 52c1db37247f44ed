internal import Linux
internal import Protection

/// Against what is done to a service through its control group: freezing it, a group above or one
/// within, moving its processes elsewhere, and limits that keep it from starting again.
extension Agent {
  /// Somebody wrote to a group, or the kernel says that it was frozen or has nobody left.
  func groupChanged(_ unit: String?) {
    guard machine.state != .unmanaged, !isStopping else { return }
    guard let unit else { return thawManager() }
    guard let service = enforced.first(where: { $0.unit == unit }) else { return }
    checkGroup(of: service)
  }

  /// Looks at the group of one service and puts it right.
  func checkGroup(of service: ServiceDefinition) {
    guard let group = groups[service.unit] else { return }
    let above = ControlGroup.above(group.path)
    let within = group.isDelegated ? [] : ControlGroup.within(group.path)
    for path in above + [group.path] + within
    where ControlGroup.value(path, "cgroup.freeze") == "1" {
      thaw(path, of: service.unit)
    }
    for path in above + [group.path] { loosen(path, of: service.unit) }
    bringBack(group, of: service.unit)
  }

  /// A frozen PID 1 answers nobody, so this is the daemon's alone to undo.
  func thawManager() {
    guard settings.mode(of: Own.service) == .enforce,
      ControlGroup.value(ControlGroups.manager, "cgroup.freeze") == "1"
    else { return }
    if (try? ControlGroup.set(ControlGroups.manager, "cgroup.freeze", "0")) != nil {
      healed(Own.service, ["systemd itself was frozen"])
    }
  }

  /// First as PID 1 does it, so that what it says of the unit stays true; then by hand, for what it
  /// does not know of.
  private func thaw(_ group: String, of unit: String) {
    guard healing.thawing[group] == nil else { return }
    let name = group.split(separator: "/").last.map(String.init) ?? ""
    healed(unit, [groups[unit]?.path == group ? "was frozen" : "was frozen with \(name)"])
    healing.thawing[group] = Healing.ThawAttempts()
    attemptThaw(group, name)
  }

  private func attemptThaw(_ group: String, _ name: String) {
    manager.thaw(name) { [weak self] failure in
      guard let self else { return }
      guard failure != nil, ControlGroup.value(group, "cgroup.freeze") == "1" else {
        healing.thawing[group] = nil
        return
      }
      // It has not yet noticed itself, or is not the one that froze it.
      healing.thawing[group]?.count += 1
      if healing.thawing[group]?.count ?? 0 >= Healing.ThawAttempts.most {
        try? ControlGroup.set(group, "cgroup.freeze", "0")
        healing.thawing[group] = nil
        manager.thaw(name)
        return
      }
      healing.thawing[group]?.next = try? loop.after(microseconds: 1_000, accuracy: 1) {
        [weak self] in
        self?.attemptThaw(group, name)
      }
    }
  }

  /// systemd leaves these alone; set, they keep it from making the service's group again.
  private func loosen(_ group: String, of unit: String) {
    for file in ["cgroup.max.depth", "cgroup.max.descendants"] {
      guard let value = ControlGroup.value(group, file), value != "max",
        (try? ControlGroup.set(group, file, "max")) != nil
      else { continue }
      healed(unit, ["\(file) of \(group.isEmpty ? "/" : group) was \(value)"])
    }
  }

  /// Puts the main process back into its service's group.
  private func bringBack(_ group: ControlGroups.Followed, of unit: String) {
    guard groups.hasMain(group), let now = ControlGroup.of(group.main), now != group.path,
      !now.hasPrefix(group.path + "/")
    else { return }
    do throws(SystemError) {
      try ControlGroup.set(group.path, "cgroup.procs", "\(group.main)")
      healed(unit, ["was moved to the control group \(now)"])
    } catch {
      // PID 1 has removed the group: only a fresh start makes it again.
      try? Processes.signal(group.main, Signals.kill)
      healed(unit, ["was moved to the control group \(now), and started again"])
    }
  }
}
