import Linux
import Protection

/// What the canary is like when all is well, looked at before the first attack, and what is not so
/// now. It looks at the machine itself, at everything that the attacks aim at.
struct Wholeness {
  private let files: [String: FileLook]
  private let unitFiles: String
  private let process: [String: String]
  private let limits: [String: String]
  /// `NAME=VALUE`.
  private let properties: [Substring]

  /// - Returns: nil while the canary is not up.
  init?(holding signals: HeldSignals) {
    guard let beat = Heartbeat.last(), Self.isFresh(beat),
      let properties = Self.properties(holding: signals)
    else { return nil }
    files = Self.files()
    unitFiles = Self.unitFiles()
    process = Self.process(beat.process)
    limits = Self.limits()
    self.properties = properties
  }

  /// The first thing that is not as it was; nil where all is well.
  func damage(holding signals: HeldSignals) -> String? {
    guard let beat = Heartbeat.last(), Self.isFresh(beat) else { return "it does not run" }
    let state = Self.process(beat.process)
    if let name = process.keys.sorted().first(where: { process[$0] != state[$0] }) {
      return "of its process, \(name) not as before"
    }
    let looks = Self.files(known: files)
    if let path = files.keys.sorted().first(where: { files[$0] != looks[$0] }) {
      return "\(path) is not as it was"
    }
    if let limit = Self.limits().first(where: { limits[$0.key] != $0.value })?.key {
      return "\(limit) is not as it was"
    }
    if Self.unitFiles() != unitFiles { return "a unit file or a drop-in is not as it was" }
    guard let now = Self.properties(holding: signals) else { return "systemd does not answer" }
    return now.first { !properties.contains($0) }.map { "systemd says \($0)" }
  }

  private static func isFresh(_ beat: Heartbeat.Beat) -> Bool {
    Clock.monotonicMicroseconds() < beat.at + 100_000
  }

  /// What the attacks on files can change.
  private struct FileLook: Equatable {
    var mode: UInt32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var isImmutable: Bool?
    var hash = ""
    /// Nobody can set it: where it is the same, so are the contents.
    var changed: Int64 = 0
    var inode: UInt64 = 0

    static func == (one: FileLook, other: FileLook) -> Bool {
      (one.mode, one.uid, one.gid, one.isImmutable, one.hash)
        == (other.mode, other.uid, other.gid, other.isImmutable, other.hash)
    }
  }

  private static func files(known: [String: FileLook] = [:]) -> [String: FileLook] {
    var found: [String: FileLook] = [:]
    for path in [Canary.program, Canary.song, Canary.fragment] {
      guard let status = (try? Files.status(path)) ?? nil else { continue }
      var look = FileLook(
        mode: status.mode, uid: status.uid, gid: status.gid,
        isImmutable: try? InodeFlags.isImmutable(path), changed: status.ctime, inode: status.inode)
      if let before = known[path], before.changed == look.changed, before.inode == look.inode {
        look.hash = before.hash
      } else if let bytes = try? Files.read(path, limit: 64 << 20) {
        look.hash = SHA256Hash.hex(SHA256Hash.of(bytes))
      }
      found[path] = look
    }
    return found
  }

  /// Everything of the unit's name, in every unit directory but those that generators fill, and
  /// Holdfast's own, in which it answers to some attacks.
  private static func unitFiles() -> String {
    let directories = UnitPaths.all.filter {
      !UnitPaths.generated.contains($0) && $0 != UnitPaths.control
    }
    return directories.flatMap { directory in
      let own = "\(directory)/\(Canary.unit)"
      return [describe(own)]
        + ((try? Files.list("\(own).d")) ?? []).sorted().map { describe("\(own).d/\($0)") }
    }.compactMap(\.self).joined(separator: "\n")
  }

  private static func describe(_ path: String) -> String? {
    guard let status = (try? Files.status(path)) ?? nil else { return nil }
    if status.kind == .symlink { return "\(path) -> \((try? Files.readLink(path)) ?? "")" }
    return "\(path) \(status.size)"
  }

  /// What another process of the same service would say as well.
  private static func process(_ pid: Int32) -> [String: String] {
    func line(_ file: String, _ prefix: String) -> String {
      ((try? Files.text("/proc/\(pid)/\(file)")) ?? "").split(separator: "\n")
        .first { $0.hasPrefix(prefix) }.map(String.init) ?? ""
    }
    func text(_ file: String) -> String { (try? Files.text("/proc/\(pid)/\(file)")) ?? "" }
    let state = Processes.state(pid).map { "TtZX".contains($0) ? "held" : "runs" } ?? "gone"
    let program = Processes.executable(pid)?.split(separator: " ").first.map(String.init) ?? ""
    // Fields 18, 19 and 41 of proc_pid_stat(5): priority, nice, policy.
    let numbers = text("stat").split(separator: ")").last?.split(separator: " ") ?? []
    let scheduling = [15, 16, 38].map { numbers.indices.contains($0) ? numbers[$0] : "" }
    let mounts = text("mountinfo").split(separator: "\n").filter {
      $0.contains(" \(Canary.directory)") || $0.contains(" \(Canary.fragment) ")
    }
    return [
      "the state is": state, "the program is": program,
      "the control group is": line("cgroup", "0::"),
      "the tracer is": line("status", "TracerPid"),
      "the processors are": line("status", "Cpus_allowed:"), "the limits are": text("limits"),
      "the OOM score is": text("oom_score_adj"),
      "the priority is": scheduling.joined(separator: " "),
      "the mounts are": mounts.joined(separator: "\n"),
    ]
  }

  private static func limits() -> [String: String] {
    var found: [String: String] = [:]
    for group in [Canary.sliceCgroup, Canary.cgroup] {
      for name in [
        "cgroup.freeze", "memory.max", "memory.high", "memory.swap.max", "pids.max", "cpu.max",
      ] {
        if let text = try? Files.text("\(group)/\(name)") { found["\(group)/\(name)"] = text }
      }
    }
    return found
  }

  private static func properties(holding signals: HeldSignals) -> [Substring]? {
    // Not FreezerState=, which systemd 252 leaves as it was when somebody else thaws; the control
    // group says it.
    let names = [
      "LoadState", "ActiveState", "RefuseManualStop", "NeedDaemonReload", "FragmentPath",
      "DropInPaths", "UnitFileState", "Slice", "Environment", "MemoryMax", "TasksMax",
      "CPUQuotaPerSecUSec",
    ]
    let script = "systemctl show -p \(names.joined(separator: ",")) \(Canary.unit)"
    let output = "\(Canary.workplace)/properties"
    guard
      ChildProcess.script(
        Canary.variables() + script, output: output, seconds: 5, holding: signals) == .ended(0)
    else { return nil }
    return (try? Files.text(output))?.split(separator: "\n").map { line in
      guard line.hasPrefix("DropInPaths=") else { return line }
      // Without Holdfast's own, some of which put others out of effect.
      let paths = line.dropFirst("DropInPaths=".count).split(separator: " ").filter {
        !$0.hasPrefix(UnitPaths.control)
      }
      return "DropInPaths=" + paths.joined(separator: " ")
    }
  }
}
