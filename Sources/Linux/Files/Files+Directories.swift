internal import Glibc

extension Files {
  /// The names in a directory, sorted, without `.` and `..`.
  package static func list(_ directory: String) throws(SystemError) -> [String] {
    let file = try FileDescriptor.open(directory, flags: O_RDONLY | O_DIRECTORY)
    let copy = try syscall("duplicate descriptor") { fcntl(file.raw, F_DUPFD_CLOEXEC, 3) }
    guard let stream = fdopendir(copy) else {
      let code = errno
      _ = close(copy)
      throw SystemError(errno: code, operation: "list \(directory)")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(errno: errno, operation: "list \(directory)") }
        return names.sorted()
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  /// Makes a directory with exactly this mode, whatever the umask. One that exists is left as it is
  /// when `parents` is true, and EEXIST otherwise; missing parents get 0755.
  package static func makeDirectory(
    _ path: String, mode: UInt32 = 0o755, parents: Bool = false
  ) throws(SystemError) {
    if parents {
      if isDirectory(path) { return }
      if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
        try makeDirectory(String(path[..<slash]), mode: 0o755, parents: true)
      }
    }
    do throws(SystemError) {
      try syscall("make directory", path: path) { mkdir($0, mode_t(mode & 0o700)) }
    } catch {
      if parents && error.errno == EEXIST && isDirectory(path) { return }
      throw error
    }
    try chmod(path, mode)
  }

  /// Removes an empty directory.
  package static func removeDirectory(_ path: String) throws(SystemError) {
    try syscall("remove directory", path: path) { rmdir($0) }
  }

  /// Writes a directory's names to the disk, so that a rename or removal in it survives a crash.
  package static func syncDirectory(_ path: String) throws(SystemError) {
    let directory = try FileDescriptor.open(path, flags: O_RDONLY | O_DIRECTORY)
    try syscall("sync \(path)") { fsync(directory.raw) }
  }

  /// The directory a path's last component is in: `/etc` of `/etc/passwd`, `.` of `name`.
  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
