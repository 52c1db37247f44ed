extension Processes {
  /// The processes of a control group and all groups in it: cgroups(7). The path is the group's
  /// own, as `ControlGroup` of a unit says it: `/system.slice/filebeat.service`. Empty where there
  /// is none.
  package static func inCgroup(_ path: String) -> [Int32] {
    processes(below: cgroupRoot() + path, depth: 0).sorted()
  }

  /// Whether a control group is frozen, by its own file or an ancestor's: `cgroup.events` in
  /// cgroups(7). False where that cannot be found out.
  package static func isFrozen(cgroup path: String) -> Bool {
    ((try? Files.text("\(cgroupRoot() + path)/cgroup.events")) ?? "").split(separator: "\n")
      .contains("frozen 1")
  }

  /// The control group of a process as systemd knows it; nil where it cannot be read.
  package static func cgroup(_ pid: Int32) -> String? {
    guard pid > 0, let text = try? Files.text("/proc/\(pid)/cgroup") else { return nil }
    return systemdGroup(text)
  }

  /// Reads /proc/PID/cgroup, with a line `number:controllers:path` for each hierarchy: systemd's
  /// own where there are several, else the only one.
  static func systemdGroup(_ text: String) -> String? {
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    let named = lines.first { $0.count == 3 && $0[1] == "name=systemd" }
    let unified = lines.first { $0.count == 3 && $0[0] == "0" && $0[1].isEmpty }
    return (named ?? unified).map { String($0[2]) }
  }

  private static func processes(below directory: String, depth: Int) -> [Int32] {
    guard let text = try? Files.text("\(directory)/cgroup.procs") else { return [] }
    var processes = text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
    // Deeper than anything systemd makes; whoever nests on without end does not stop us.
    if depth == 16 { return processes }
    for name in (try? Files.list(directory)) ?? [] {
      let path = "\(directory)/\(name)"
      if (try? Files.status(path))??.kind == .directory {
        processes += Self.processes(below: path, depth: depth + 1)
      }
    }
    return processes
  }

  /// Where systemd's hierarchy is mounted: the only one, or the one named for it among several.
  private static func cgroupRoot() -> String {
    let root = "/sys/fs/cgroup"
    return Files.exists("\(root)/cgroup.controllers") ? root : "\(root)/systemd"
  }
}
