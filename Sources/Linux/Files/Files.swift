internal import Glibc

/// The file system, by path. Everything here blocks for as long as the disk takes; every descriptor
/// is close-on-exec.
///
/// Names that are not UTF-8 cannot be said as a `String`: `list` shows them with U+FFFD, and such
/// a name then finds no file.
package enum Files {
  /// The most that `read` takes, unless told otherwise: 16 MiB.
  package static let defaultLimit = 16 << 20

  /// The whole content of a file. More than `limit` bytes is EFBIG, a directory EISDIR.
  ///
  /// Does not wait for a writer: a FIFO that someone put there reads as empty.
  package static func read(
    _ path: String, limit: Int = defaultLimit
  ) throws(SystemError) -> [UInt8] {
    let file = try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
    do throws(SystemError) {
      return try file.readAll(limit: limit)
    } catch {
      throw SystemError(errno: error.errno, operation: "read \(path)")
    }
  }

  /// The whole content of a file as text; EILSEQ where it is not UTF-8.
  package static func text(
    _ path: String, limit: Int = defaultLimit
  ) throws(SystemError) -> String {
    let bytes = try read(path, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SystemError(errno: EILSEQ, operation: "read \(path)")
    }
    return text
  }

  /// stat(2) or, not following a last symlink, lstat(2). Nil where there is nothing (ENOENT,
  /// ENOTDIR).
  package static func status(
    _ path: String, follow: Bool = false
  ) throws(SystemError) -> FileStatus? {
    var status = stat()
    do throws(SystemError) {
      try syscall("stat", path: path) {
        fstatat(AT_FDCWD, $0, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW)
      }
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
      throw error
    }
    return FileStatus(status)
  }

  /// Whether a name exists, be it a dangling symlink. False also where that cannot be found out.
  package static func exists(_ path: String) -> Bool {
    ((try? status(path)) ?? nil) != nil
  }

  /// Whether the path leads to a directory, symlinks followed. False also where that cannot be
  /// found out.
  package static func isDirectory(_ path: String) -> Bool {
    ((try? status(path, follow: true)) ?? nil)?.kind == .directory
  }

  /// The path without symlinks, `.` and `..`: realpath(3).
  package static func resolve(_ path: String) throws(SystemError) -> String {
    var resolved: UnsafeMutablePointer<CChar>?
    try syscall("resolve", path: path) { pointer in
      resolved = realpath(pointer, nil)
      return resolved == nil ? Int32(-1) : 0
    }
    guard let resolved else { throw SystemError(errno: ENOMEM, operation: "resolve \(path)") }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Bytes free to those who are not root, on the file system that holds the path: statvfs(3).
  package static func freeSpace(_ path: String) throws(SystemError) -> UInt64 {
    var status = statvfs()
    try syscall("statvfs", path: path) { statvfs($0, &status) }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }
}
