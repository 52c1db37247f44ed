internal import CLinux
internal import Glibc

/// Who is at the other end of a UNIX socket, as it was when it connected.
///
/// uid, gid and groups are the kernel's word: SO_PEERCRED, SO_PEERGROUPS in unix(7). The rest is
/// read from /proc at the time of asking and describes the process that holds the id then;
/// `isStillThere` says whether that was the same one.
package struct Peer: Sendable {
  package let uid: UInt32
  package let gid: UInt32
  /// Supplementary groups.
  package let groups: [UInt32]
  /// Nil for a process outside this pid namespace; then all below is nil too.
  package let pid: Int32?
  /// In clock ticks since the machine started.
  package let startTime: UInt64?
  /// Who logged in, through every sudo and su.
  package let loginUID: UInt32?
  /// The controlling terminal: `pts/0`.
  package let tty: String?
  /// The executable's path; ` (deleted)` at its end where the file has gone.
  package let executable: String?
  package let parent: Int32?
  package let parentExecutable: String?
  /// The control group: `/user.slice/user-1000.slice/session-2.scope`.
  package let cgroup: String?
  /// Where the kernel has SO_PEERPIDFD (6.5).
  private let process: FileDescriptor?

  /// Asks for the peer of a connected socket.
  package static func of(socket: Int32) throws(SystemError) -> Peer {
    var credentials = hf_ucred()
    var length = socklen_t(MemoryLayout<hf_ucred>.size)
    try syscall("ask for the peer") {
      getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
    }
    // A socket that is not connected has nobody: the kernel says uid -1.
    if credentials.uid == .max { throw SystemError(errno: ENOTCONN, operation: "ask for the peer") }
    return Peer(
      credentials, groups: try groups(of: socket),
      process: credentials.pid > 0 ? process(of: socket) : nil)
  }

  /// As for a number.
  package static func of(socket: FileDescriptor) throws(SystemError) -> Peer {
    try of(socket: socket.raw)
  }

  /// Whether the peer had this group, as its main one or another.
  package func isMember(of group: UInt32) -> Bool {
    gid == group || groups.contains(group)
  }

  /// Whether the process is still the one that was found, so that what was read of it was its own.
  /// False for one outside this pid namespace, which nobody can tell.
  package func isStillThere() -> Bool {
    guard let pid, let startTime else { return false }
    if let process, Processes.hasEnded(process) { return false }
    return Processes.startTime(pid) == startTime
  }

  private init(_ credentials: hf_ucred, groups: [UInt32], process: FileDescriptor?) {
    uid = credentials.uid
    gid = credentials.gid
    self.groups = groups
    self.process = process
    let pid = credentials.pid > 0 ? credentials.pid : nil
    let status = pid.flatMap { Processes.status($0) }
    self.pid = pid
    startTime = status?.startTime
    loginUID = pid.flatMap { Processes.loginUID($0) }
    tty = pid.flatMap { status?.terminalName ?? Self.terminal(openIn: $0) }
    executable = pid.flatMap { Processes.executable($0) }
    parent = status.flatMap { $0.parent > 0 ? $0.parent : nil }
    parentExecutable = parent.flatMap { Processes.executable($0) }
    cgroup = pid.flatMap { ControlGroup.of($0) }
  }

  private static func groups(of socket: Int32) throws(SystemError) -> [UInt32] {
    var groups = [UInt32](repeating: 0, count: 32)
    while true {
      var length = socklen_t(groups.count * MemoryLayout<UInt32>.size)
      do throws(SystemError) {
        try syscall("ask for the peer's groups") {
          getsockopt(socket, SOL_SOCKET, Int32(HF_SO_PEERGROUPS), &groups, &length)
        }
        return Array(groups.prefix(Int(length) / MemoryLayout<UInt32>.size))
      } catch {
        // ERANGE: the kernel has put in how much room it needs.
        let needed = Int(length) / MemoryLayout<UInt32>.size
        if error.errno != ERANGE || needed <= groups.count { throw error }
        groups = [UInt32](repeating: 0, count: needed)
      }
    }
  }

  /// Nil where the kernel is too old, or the process has ended.
  private static func process(of socket: Int32) -> FileDescriptor? {
    var raw: Int32 = -1
    var length = socklen_t(MemoryLayout<Int32>.size)
    let result = getsockopt(socket, SOL_SOCKET, Int32(HF_SO_PEERPIDFD), &raw, &length)
    return result == 0 && raw >= 0 ? FileDescriptor(adopting: raw) : nil
  }

  /// A terminal among the standard descriptors of a process without a controlling one.
  private static func terminal(openIn pid: Int32) -> String? {
    for descriptor in 0...2 {
      if let path = try? Files.readLink("/proc/\(pid)/fd/\(descriptor)"),
        path.hasPrefix("/dev/pts/") || path.hasPrefix("/dev/tty")
      {
        return String(path.dropFirst("/dev/".count))
      }
    }
    return nil
  }
}
