import Linux

/// What the attacks are aimed at, and where the prover keeps what it needs meanwhile.
enum Canary {
  static let unit = "holdfast-canary.service"
  static let slice = "holdfast-canary.slice"
  static let fragment = "/usr/lib/systemd/system/holdfast-canary.service"
  static let directory = "/usr/libexec/holdfast/canary"
  static let program = "\(directory)/holdfast-canary"
  /// A file that it is given as an argument.
  static let song = "\(directory)/song"

  static let sliceCgroup = "/sys/fs/cgroup/holdfast.slice/\(slice)"
  static let cgroup = "\(sliceCgroup)/\(unit)"

  /// The prover's own, gone when it is done.
  static let workplace = "/run/holdfast-prove"
  static let beat = "\(workplace)/beat"
  static let gaps = "\(workplace)/gaps"
  /// What an attack said.
  static let said = "\(workplace)/said"

  /// For scripts: where everything is. Only the process id changes from one attack to the next.
  static func variables(process: Int32 = 0) -> String {
    """
    UNIT=\(unit) SLICE=\(slice) FRAGMENT=\(fragment) DIRECTORY=\(directory)
    PROGRAM=\(program) SONG=\(song) WORK=\(workplace) PID=\(process)
    SLICE_CGROUP=\(sliceCgroup) CGROUP=\(cgroup)
    PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C SYSTEMD_PAGER= SYSTEMD_COLORS=0
    export PATH LC_ALL SYSTEMD_PAGER SYSTEMD_COLORS

    """
  }
}

/// What the canary says of itself in its two files.
enum Heartbeat {
  struct Beat {
    /// CLOCK_MONOTONIC microseconds.
    var at: UInt64
    var process: Int32
  }

  static func last() -> Beat? {
    let words = ((try? Files.text(Canary.beat, limit: 4096)) ?? "").split(separator: " ")
    guard words.count == 2, let at = UInt64(words[0]), let process = Int32(words[1]) else {
      return nil
    }
    return Beat(at: at, process: process)
  }

  /// The longest time without a beat that ended after a moment: microseconds, 0 for none.
  static func longestPause(since start: UInt64) -> UInt64 {
    let text = (try? Files.text(Canary.gaps)) ?? ""
    return text.split(separator: "\n").compactMap { line -> UInt64? in
      let words = line.split(separator: " ").compactMap { UInt64($0) }
      guard words.count == 2, words[1] > start, words[1] > words[0] else { return nil }
      return words[1] - words[0]
    }.max() ?? 0
  }
}
