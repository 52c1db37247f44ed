internal import Glibc

/// What stat(2) says of a file.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case regular, directory, symlink, other
  }

  package var kind: Kind
  /// Permission, set-id and sticky bits: the lowest twelve (07777).
  package var mode: UInt32
  package var uid: UInt32
  package var gid: UInt32
  /// Bytes.
  package var size: Int64
  package var device: UInt64
  package var inode: UInt64
  /// When the content changed last, in nanoseconds since the epoch. Anyone who may write can set
  /// it.
  package var mtime: Int64
  /// When content or inode changed last, in nanoseconds since the epoch. Nobody can set it.
  package var ctime: Int64
  /// How many names the file has.
  package var links: UInt64

  package init(
    kind: Kind, mode: UInt32, uid: UInt32, gid: UInt32, size: Int64, device: UInt64,
    inode: UInt64, mtime: Int64, ctime: Int64, links: UInt64
  ) {
    self.kind = kind
    self.mode = mode
    self.uid = uid
    self.gid = gid
    self.size = size
    self.device = device
    self.inode = inode
    self.mtime = mtime
    self.ctime = ctime
    self.links = links
  }

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFLNK: .symlink
      default: .other
      }
    mode = UInt32(status.st_mode & 0o7777)
    uid = status.st_uid
    gid = status.st_gid
    size = Int64(status.st_size)
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    mtime = Self.nanoseconds(status.st_mtim)
    ctime = Self.nanoseconds(status.st_ctim)
    links = UInt64(status.st_nlink)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}

extension FileDescriptor {
  /// fstat(2) of this open file.
  package func status() throws(SystemError) -> FileStatus {
    var status = stat()
    try syscall("fstat") { fstat(raw, &status) }
    return FileStatus(status)
  }
}
