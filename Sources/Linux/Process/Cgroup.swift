/// Control groups of systemd's hierarchy, by the path that `ControlGroup` of a unit says:
/// `/system.slice/filebeat.service`. cgroups(7).
package enum ControlGroup {
  /// Where systemd's hierarchy is mounted: the only one, or the one named for it among several.
  private static let root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/systemd"
  /// Whether it is the only one.
  package static let isUnified = Files.exists("/sys/fs/cgroup/cgroup.controllers")

  /// Deeper than anything systemd makes; whoever nests on without end does not stop us.
  private static let deepest = 16

  /// Its directory.
  package static func directory(_ group: String) -> String { root + group }

  /// One of its files, without the newline; nil where there is none.
  package static func value(_ group: String, _ file: String) -> String? {
    guard let text = try? Files.text("\(root + group)/\(file)") else { return nil }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  package static func set(_ group: String, _ file: String, _ value: String) throws(SystemError) {
    let path = "\(root + group)/\(file)"
    try FileDescriptor.open(path, flags: OpenFlags.writeOnly).writeAll(Array(value.utf8))
  }

  /// The groups above it, the outermost first. That is the root, an empty path: it can be frozen
  /// and limited only in a container, where it is a group of the host's.
  package static func above(_ group: String) -> [String] {
    var path = ""
    return [path]
      + group.split(separator: "/").dropLast().map { name in
        path += "/\(name)"
        return path
      }
  }

  /// The groups within it, at any depth.
  package static func within(_ group: String) -> [String] { within(group, depth: 0) }

  private static func within(_ group: String, depth: Int) -> [String] {
    guard depth < deepest else { return [] }
    return ((try? Files.list(root + group)) ?? []).flatMap { name -> [String] in
      // Its files are many and have a dot after their controller's name; groups seldom do.
      if isFile(name) || !Files.isDirectory("\(root + group)/\(name)") { return [] }
      let inner = "\(group)/\(name)"
      return [inner] + within(inner, depth: depth + 1)
    }
  }

  private static let controllers = [
    "cgroup.", "cpu.", "memory.", "io.", "pids.", "cpuset.", "misc.",
  ]

  private static func isFile(_ name: String) -> Bool {
    controllers.contains(where: name.hasPrefix) && !name.hasSuffix(".service")
      && !name.hasSuffix(".scope") && !name.hasSuffix(".slice")
  }

  /// The processes of a group and all groups in it. Empty where there is none.
  package static func processes(_ group: String) -> [Int32] {
    ([group] + within(group)).flatMap { group in
      (value(group, "cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }.filter { $0 > 0 }.sorted()
  }

  /// Whether it is frozen, by its own file or one above: `cgroup.events`. False where that cannot
  /// be found out.
  package static func isFrozen(_ group: String) -> Bool {
    (value(group, "cgroup.events") ?? "").split(separator: "\n").contains("frozen 1")
  }

  /// The group of a process; nil where it cannot be read.
  package static func of(_ pid: Int32) -> String? {
    guard pid > 0, let text = try? Files.text("/proc/\(pid)/cgroup") else { return nil }
    return systemdGroup(text, isUnified: isUnified)
  }

  /// Reads /proc/PID/cgroup, with a line `number:controllers:path` for each hierarchy. A container
  /// may have the unified one alone and still see those of its host there.
  static func systemdGroup(_ text: String, isUnified: Bool) -> String? {
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    let own = lines.first {
      $0.count == 3 && (isUnified ? $0[0] == "0" && $0[1].isEmpty : $0[1] == "name=systemd")
    }
    return own.map { String($0[2]) }
  }
}
