internal import Glibc

/// A mount as this process's mount namespace has it: proc_pid_mountinfo(5).
package struct Mount: Sendable, Equatable {
  /// Where it is mounted.
  package let point: String
  /// `ext4`, `tmpfs`, …
  package let type: String
  /// Nothing can be written through it, be it the mount or the file system that says so.
  package let isReadOnly: Bool
  /// Nothing can be executed from it.
  package let forbidsPrograms: Bool
  /// The flags of mount(2) that hold for this mount alone.
  private let flags: UInt
  /// Whether the file system itself is read-only.
  private let isReadOnlyBelow: Bool

  /// Reads one line of mountinfo; nil where it is none.
  package init?(line: Substring) {
    let parts = line.split(separator: " ").map(String.init)
    guard let dash = parts.firstIndex(of: "-"), dash >= 6, parts.count > dash + 3 else {
      return nil
    }
    let options = Set(parts[5].split(separator: ",").map(String.init))
    let below = Set(parts[dash + 3].split(separator: ",").map(String.init))
    point = Self.unescaped(parts[4])
    type = parts[dash + 1]
    isReadOnlyBelow = below.contains("ro")
    isReadOnly = options.contains("ro") || isReadOnlyBelow
    forbidsPrograms = options.contains("noexec")
    flags = Self.names.reduce(0) { options.contains($1.0) ? $0 | $1.1 : $0 }
  }

  /// Where the mount of a line of mountinfo is mounted: its fifth field.
  static func point(line: Substring) -> String? {
    var rest = line.utf8
    for _ in 0..<4 {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else { return nil }
      rest = rest[rest.index(after: space)...]
    }
    return unescaped(String(Substring(rest.prefix { $0 != UInt8(ascii: " ") })))
  }

  /// Names in mountinfo, and the flags that they stand for: <linux/mount.h>.
  private static let names: [(String, UInt)] = [
    ("ro", readOnly), ("nosuid", 2), ("nodev", 4), ("noexec", noExec), ("noatime", 1024),
    ("nodiratime", 2048), ("relatime", 1 << 21),
  ]
  private static let readOnly: UInt = 1
  private static let noExec: UInt = 8
  private static let remount: UInt = 32
  private static let bind: UInt = 4096

  /// Space, tab, newline and backslash stand there in octal.
  private static func unescaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Lets it be written to, or executed from, again: mount(2).
  package func lift(readOnly liftsReadOnly: Bool, noExec liftsNoExec: Bool) throws(SystemError) {
    var wanted = flags
    if liftsReadOnly { wanted &= ~Self.readOnly }
    if liftsNoExec { wanted &= ~Self.noExec }
    if liftsReadOnly, isReadOnlyBelow { try remounted(wanted) }
    try remounted(wanted | Self.bind)
  }

  private func remounted(_ flags: UInt) throws(SystemError) {
    try syscall("remount", path: point) { mount("none", $0, nil, Self.remount | flags, nil) }
  }
}

/// The mounts that this process sees.
package enum Mounts {
  package static let path = "/proc/self/mountinfo"

  /// All of them, in the order in which they were mounted: of two at one place the later counts.
  package static func all() throws(SystemError) -> [Mount] {
    try Files.text(path).split(separator: "\n").compactMap(Mount.init)
  }

  /// Those at the given places; quick also where somebody made tens of thousands elsewhere.
  package static func all(at places: Set<String>) throws(SystemError) -> [Mount] {
    try Files.text(path).split(separator: "\n").compactMap { line in
      Mount.point(line: line).flatMap(places.contains) == true ? Mount(line: line) : nil
    }
  }

  /// Takes away what is mounted on top at `point`, be it in use or not: umount2(2).
  package static func detach(_ point: String) throws(SystemError) {
    let flags: Int32 = 2 | 8  // MNT_DETACH, and a last symlink is not followed
    try syscall("unmount", path: point) { umount2($0, flags) }
  }
}

// Told from the kernel's list, because asking a network file system itself may wait for its server.
extension Mount {
  /// Whether others may change its files behind this machine's back: another machine, or a process of
  /// user space that answers for it.
  package var isForeign: Bool {
    Self.foreignTypes.contains(String(type.prefix { $0 != "." }))  // `fuse.sshfs`
  }

  private static let foreignTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuseblk", "9p", "virtiofs", "ceph", "afs",
    "coda", "ocfs2", "gfs2", "lustre", "glusterfs", "vboxsf", "ncpfs", "orangefs",
  ]
}

extension [Mount] {
  /// The mount that a path without links in it lies on.
  package func under(_ path: String) -> Mount? {
    var best: Mount?
    for mount in self {
      let isAbove = mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
      // Of two at one place the later counts.
      if isAbove, mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
    }
    return best
  }
}
