internal import CLinux
internal import Glibc

/// The flags that chattr(1) sets: ioctl_iflags(2).
///
/// ENOTTY or EOPNOTSUPP where the file system has none (tmpfs before Linux 6.6, overlayfs over
/// some), ELOOP for a symlink, EPERM without CAP_LINUX_IMMUTABLE.
package enum InodeFlags {
  /// Nobody may write, rename, link or remove it, root included: FS_IMMUTABLE_FL.
  private static let immutable: UInt32 = 0x10
  /// It may only be appended to: FS_APPEND_FL.
  private static let appendOnly: UInt32 = 0x20

  /// Not by opening the file where that can be avoided: who watches it would see that.
  package static func isImmutable(_ path: String) throws(SystemError) -> Bool {
    if let attribute = try attribute(UInt64(STATX_ATTR_IMMUTABLE), path) { return attribute }
    return try read(open(path), path) & immutable != 0
  }

  /// Whether the file system of a path has such flags; true also where that cannot be found out.
  package static func areSupported(_ path: String) -> Bool {
    do throws(SystemError) {
      _ = try read(open(path), path)
      return true
    } catch {
      return !error.isUnsupportedFlag
    }
  }

  /// Sets or clears the flag, and clears that for appending alone, which would stay in the way of
  /// what comes next; touches nothing where it is so already.
  package static func setImmutable(_ path: String, _ on: Bool) throws(SystemError) {
    try set(on ? immutable : 0, of: immutable | appendOnly, open(path), path)
  }

  package static func isAppendOnly(_ path: String) throws(SystemError) -> Bool {
    if let attribute = try attribute(UInt64(STATX_ATTR_APPEND), path) { return attribute }
    return try read(open(path), path) & appendOnly != 0
  }

  /// Sets or clears the flag; touches nothing where it is so already.
  package static func setAppendOnly(_ path: String, _ on: Bool) throws(SystemError) {
    try set(on ? appendOnly : 0, of: appendOnly, open(path), path)
  }

  /// As for a path, of the very file that is open, whatever its name leads to by now.
  package static func isImmutable(_ file: FileDescriptor) throws(SystemError) -> Bool {
    try read(file, "an open file") & immutable != 0
  }

  /// As for a path, of the very file that is open, whatever its name leads to by now.
  package static func setImmutable(_ file: FileDescriptor, _ on: Bool) throws(SystemError) {
    try set(on ? immutable : 0, of: immutable | appendOnly, file, "an open file")
  }

  /// Of the file itself, a last symlink not followed; nil where the file system does not say:
  /// statx(2).
  private static func attribute(_ bit: UInt64, _ path: String) throws(SystemError) -> Bool? {
    var status = statx()
    try syscall("statx", path: path) { statx(AT_FDCWD, $0, AT_SYMLINK_NOFOLLOW, 0, &status) }
    return status.stx_attributes_mask & bit == 0 ? nil : status.stx_attributes & bit != 0
  }

  /// Neither waits for a FIFO's writer nor follows a last symlink.
  private static func open(_ path: String) throws(SystemError) -> FileDescriptor {
    try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  }

  private static func read(_ file: FileDescriptor, _ path: String) throws(SystemError) -> UInt32 {
    var flags: UInt32 = 0
    try syscall("get the flags of \(path)") { hf_get_inode_flags(file.raw, &flags) }
    return flags
  }

  private static func set(
    _ wanted: UInt32, of mask: UInt32, _ file: FileDescriptor, _ path: String
  ) throws(SystemError) {
    let before = try read(file, path)
    var flags = before & ~mask | wanted
    if flags == before { return }
    try syscall("set the flags of \(path)") { hf_set_inode_flags(file.raw, &flags) }
  }
}
