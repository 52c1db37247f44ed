internal import Glibc

/// What a path lies on, as the kernel's list of mounts has it: proc_pid_mountinfo(5). Read from
/// there, because asking a network file system itself would wait for its server.
package struct FileSystem: Sendable, Equatable {
  /// Its type: `ext4`, `nfs4`, `fuse.sshfs`.
  package let type: String
  package let isReadOnly: Bool

  package init(type: String, isReadOnly: Bool) {
    self.type = type
    self.isReadOnly = isReadOnly
  }

  /// Whether others may change its files behind this machine's back: another machine's, or those
  /// that a process of user space answers for.
  package var isForeign: Bool {
    let family = type.prefix { $0 != "." }
    return Self.foreignTypes.contains(String(family))
  }

  private static let foreignTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuseblk", "9p", "virtiofs", "ceph", "afs",
    "coda", "ocfs2", "gfs2", "lustre", "glusterfs", "vboxsf", "ncpfs", "orangefs",
  ]
}

/// The mounts of this process's namespace.
package struct MountTable: Sendable {
  private var mounts: [(point: String, fileSystem: FileSystem)] = []

  package static func current() throws(SystemError) -> MountTable {
    MountTable(try Files.text("/proc/self/mountinfo"))
  }

  package init(_ text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else {
        continue
      }
      let options = fields[5].split(separator: ",") + fields[dash + 3].split(separator: ",")
      mounts.append(
        (
          Self.unescaped(fields[4]),
          FileSystem(type: String(fields[dash + 1]), isReadOnly: options.contains("ro"))
        ))
    }
  }

  /// The file system that a path without links in it lies on.
  package func fileSystem(of path: String) -> FileSystem? {
    var best: (length: Int, fileSystem: FileSystem)?
    for mount in mounts {
      let isAbove =
        mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
      // Of two on one point the later one is seen.
      if isAbove, mount.point.utf8.count >= best?.length ?? 0 {
        best = (mount.point.utf8.count, mount.fileSystem)
      }
    }
    return best?.fileSystem
  }

  /// Blanks, line ends and backslashes are written as three octal digits.
  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Files {
  /// Whether a shell pattern names the path; a `*` does not go past a `/`: fnmatch(3).
  package static func matches(_ path: String, pattern: String) -> Bool {
    fnmatch(pattern, path, FNM_PATHNAME) == 0
  }
}
