internal import CLinux
internal import Glibc

/// Other processes, by id. An id can be used again once its process has ended: what must not hit
/// another one goes through a pidfd.
package enum Processes {
  /// What /proc says of a process; nil where there is none.
  package static func status(_ pid: Int32) -> ProcessStatus? {
    guard pid > 0, let bytes = try? Files.read("/proc/\(pid)/stat") else { return nil }
    return ProcessStatus(bytes)
  }

  /// `R`, `S`, `T` (stopped), `Z` (ended), …; nil where there is none.
  package static func state(_ pid: Int32) -> Character? {
    status(pid)?.state
  }

  /// When it started, in clock ticks since the machine did; nil where there is none.
  package static func startTime(_ pid: Int32) -> UInt64? {
    status(pid)?.startTime
  }

  /// Its executable's path; nil where that cannot be read. A file that was removed ends in `
  /// (deleted)`.
  package static func executable(_ pid: Int32) -> String? {
    pid > 0 ? try? Files.readLink("/proc/\(pid)/exe") : nil
  }

  /// Which mount namespace it is in, to be compared with another's: namespaces(7). Nil where that
  /// cannot be read.
  package static func mountNamespace(_ pid: Int32) -> String? {
    pid > 0 ? try? Files.readLink("/proc/\(pid)/ns/mnt") : nil
  }

  /// Its arguments, which the process can change; nil where they cannot be read.
  package static func arguments(_ pid: Int32) -> [String]? {
    guard pid > 0, let bytes = try? Files.read("/proc/\(pid)/cmdline") else { return nil }
    return Machine.arguments(bytes)
  }

  /// The user it was started for at login, through every sudo and su; nil for none.
  package static func loginUID(_ pid: Int32) -> UInt32? {
    guard pid > 0, let bytes = try? Files.read("/proc/\(pid)/loginuid"),
      let uid = UInt32(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)), uid != .max
    else { return nil }
    return uid
  }

  /// The process that traces it; nil for none.
  package static func tracer(_ pid: Int32) -> Int32? {
    guard pid > 0, let text = try? Files.text("/proc/\(pid)/status"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("TracerPid:") }),
      let tracer = Int32(line.drop { $0 < "0" || $0 > "9" }), tracer > 0
    else { return nil }
    return tracer
  }

  /// Sends a signal to one process; ESRCH for an id that names none or would name a group.
  package static func signal(_ pid: Int32, _ signal: Int32) throws(SystemError) {
    if pid <= 0 { throw SystemError(errno: ESRCH, operation: "signal process \(pid)") }
    try syscall("signal process \(pid)") { kill(pid, signal) }
  }

  /// Sends a signal to the very process of a pidfd: pidfd_send_signal(2).
  package static func signal(
    _ process: FileDescriptor, _ signal: Int32
  ) throws(SystemError) {
    try syscall("signal process") { hf_pidfd_send_signal(process.raw, signal) }
  }

  /// A descriptor for a process, readable once it has ended: pidfd_open(2). ESRCH where there is
  /// none.
  package static func pidfdOpen(_ pid: Int32) throws(SystemError) -> FileDescriptor {
    FileDescriptor(adopting: try syscall("open process \(pid)") { hf_pidfd_open(pid) })
  }

  /// Whether the process of a pidfd has ended.
  package static func hasEnded(_ process: FileDescriptor) -> Bool {
    var poll = pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0)
    let count = try? syscall("poll") { Glibc.poll(&poll, 1, 0) }
    return count ?? 0 > 0
  }
}

extension Processes {
  /// This process's id.
  package static var own: Int32 { getpid() }

  /// Whether it may do what root may.
  package static var isRoot: Bool { geteuid() == 0 }

  /// Puts another program in this one's place: execv(3). Returns only where that fails, with why.
  package static func replace(with command: [String]) -> SystemError {
    guard let path = command.first else {
      return SystemError(errno: EINVAL, operation: "run no command")
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    execv(path, arguments)
    return SystemError(errno: errno, operation: "run \(path)")
  }
}
