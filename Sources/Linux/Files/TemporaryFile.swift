internal import Glibc

/// A file under a temporary name beside its target, which `commit` renames into place. One that is
/// never committed is removed.
///
/// The temporary name starts with a dot, so that what reads whole directories (systemd, apt,
/// run-parts) passes over it.
struct TemporaryFile: ~Copyable {
  let file: FileDescriptor
  let target: String
  private let path: String
  private var committed = false

  /// Makes the file, readable by its owner only. The directory must be there.
  init(beside target: String) throws(SystemError) {
    self.target = target
    path = Self.name(beside: target)
    file = try FileDescriptor.open(
      path, flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
  }

  deinit {
    if !committed { _ = unlink(path) }
  }

  /// Sets owner first and then mode, because a change of owner clears the set-id bits.
  func setAttributes(mode: UInt32, uid: UInt32?, gid: UInt32?) throws(SystemError) {
    if uid != nil || gid != nil {
      try syscall("chown \(path)") { fchown(file.raw, uid ?? .max, gid ?? .max) }
    }
    try syscall("chmod \(path)") { fchmod(file.raw, mode_t(mode)) }
  }

  /// Puts the file in its place. With `sync` it is on the disk, content and name, when this
  /// returns.
  mutating func commit(sync: Bool) throws(SystemError) {
    if sync { try syscall("sync \(path)") { fsync(file.raw) } }
    try Files.rename(path, to: target)
    committed = true
    if sync { try Files.syncDirectory(Files.directory(of: target)) }
  }

  /// A name that nobody can guess, in the same directory.
  static func name(beside target: String) -> String {
    "\(Files.directory(of: target))/.holdfast-\(Hex.encode(Random.bytes(8)))"
  }
}

extension Files {
  /// Replaces a file in one step, so that a reader sees the old or the new content and a crash
  /// leaves one of them whole. A symlink at `path` is replaced, not followed.
  ///
  /// With `sync`, content and name are on the disk when this returns.
  package static func writeAtomically(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644, uid: UInt32? = nil,
    gid: UInt32? = nil, sync: Bool = true
  ) throws(SystemError) {
    var temporary = try TemporaryFile(beside: path)
    do throws(SystemError) {
      try temporary.file.writeAll(bytes)
    } catch {
      throw SystemError(errno: error.errno, operation: "write \(path)")
    }
    try temporary.setAttributes(mode: mode, uid: uid, gid: gid)
    try temporary.commit(sync: sync)
  }

  /// As for bytes.
  package static func writeAtomically(
    _ path: String, _ text: String, mode: UInt32 = 0o644, uid: UInt32? = nil,
    gid: UInt32? = nil, sync: Bool = true
  ) throws(SystemError) {
    try writeAtomically(path, Array(text.utf8), mode: mode, uid: uid, gid: gid, sync: sync)
  }
}
