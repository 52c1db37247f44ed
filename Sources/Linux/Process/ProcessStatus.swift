/// What the kernel says of a process in /proc/PID/stat: proc_pid_stat(5).
package struct ProcessStatus: Sendable, Equatable {
  /// The executable's name, cut to 15 bytes. The process itself can change it.
  package let name: String
  /// `R` running, `S` sleeping, `D` in the disk's hands, `T` stopped, `t` traced, `Z` ended, …
  package let state: Character
  package let parent: Int32
  /// The controlling terminal's device number; 0 for none.
  package let terminal: UInt32
  /// When it started, in clock ticks since the machine did: tells it from a later one with its id.
  package let startTime: UInt64

  /// Reads the text of a stat file. The name may hold spaces and brackets, so what counts starts
  /// after the last bracket.
  init?(_ bytes: [UInt8]) {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")),
      let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
    else { return nil }
    let fields = bytes[(close + 1)...].split { $0 == 32 || $0 == 10 }
      .map { String(decoding: $0, as: UTF8.self) }
    // Field 3 of the manual page is the first here.
    guard fields.count >= 20, let state = fields[0].first, let parent = Int32(fields[1]),
      let terminal = Int32(fields[4]), let startTime = UInt64(fields[19])
    else { return nil }
    name = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
    self.state = state
    self.parent = parent
    self.terminal = UInt32(bitPattern: terminal)
    self.startTime = startTime
  }

  /// The controlling terminal as `pts/3`, `tty1`, `ttyS0`; nil for none or one of another kind.
  package var terminalName: String? {
    let major = terminal >> 8 & 0xfff
    let minor = terminal & 0xff | terminal >> 12 & 0xfff00
    return switch major {
    case 136...143: "pts/\((major - 136) << 8 | minor)"
    case 4 where minor < 64 && terminal != 0: "tty\(minor)"
    case 4: "ttyS\(minor - 64)"
    default: nil
    }
  }
}
