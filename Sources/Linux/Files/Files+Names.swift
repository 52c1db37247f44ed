internal import Glibc

extension Files {
  /// Removes a file or symlink; a directory is EISDIR. What is not there is ENOENT.
  package static func remove(_ path: String) throws(SystemError) {
    try syscall("remove", path: path) { unlink($0) }
  }

  /// Renames, replacing what was there, in one step: rename(2).
  package static func rename(_ from: String, to: String) throws(SystemError) {
    try onTwo("rename", from, to) { Glibc.rename($0, $1) }
  }

  /// Makes a symlink at `at` that says `target`.
  package static func symlink(_ target: String, at: String) throws(SystemError) {
    try onTwo("symlink", target, at) { Glibc.symlink($0, $1) }
  }

  /// Gives a file a second name; a last symlink is not followed: link(2).
  package static func link(_ existing: String, at: String) throws(SystemError) {
    try onTwo("link", existing, at) { Glibc.link($0, $1) }
  }

  /// What a symlink says; EINVAL where the path is no symlink.
  package static func readLink(_ path: String) throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try syscall("read link", path: path) { readlink($0, &buffer, buffer.count) }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Sets permission, set-id and sticky bits; follows symlinks.
  package static func chmod(_ path: String, _ mode: UInt32) throws(SystemError) {
    try syscall("chmod", path: path) { Glibc.chmod($0, mode_t(mode)) }
  }

  /// Sets the owner, of a symlink itself rather than of what it names; nil leaves one as it is.
  package static func chown(
    _ path: String, uid: UInt32? = nil, gid: UInt32? = nil
  ) throws(SystemError) {
    try syscall("chown", path: path) { lchown($0, uid ?? .max, gid ?? .max) }
  }

  /// Makes an empty file with mode 0644 less the umask where there is none, else sets its times.
  package static func touch(_ path: String) throws(SystemError) {
    let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_NONBLOCK, mode: 0o644)
    try syscall("touch \(path)") { futimens(file.raw, nil) }
  }

  private static func onTwo(
    _ operation: String, _ first: String, _ second: String,
    _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  ) throws(SystemError) {
    if second.utf8.contains(0) {
      throw SystemError(errno: EINVAL, operation: "\(operation) (a path with a NUL byte)")
    }
    do throws(SystemError) {
      try syscall(operation, path: first) { first in second.withCString { body(first, $0) } }
    } catch {
      throw SystemError(errno: error.errno, operation: "\(operation) \(first) to \(second)")
    }
  }
}
