internal import CLinux
internal import Glibc

extension Files {
  /// Copies a regular file or a symlink, replacing the target in one step; with it mode, owner,
  /// time of change and, as far as the target's file system takes them, extended attributes.
  ///
  /// Content is shared where the file system can (FICLONE), else copied inside the kernel. Anything
  /// but a file or a symlink is EINVAL. Not running as root, the owner stays the caller's.
  ///
  /// - Parameter goingOn: called after each piece that was copied.
  package static func copy(
    _ from: String, to: String, sync: Bool = true, goingOn: () -> Void = {}
  ) throws(SystemError) {
    let source: FileDescriptor
    do throws(SystemError) {
      source = try FileDescriptor.open(from, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch {
      if error.errno == ELOOP { return try copyLink(from, to: to, sync: sync) }
      throw error
    }
    let status = try source.status()
    if status.kind != .regular { throw SystemError(errno: EINVAL, operation: "copy \(from)") }

    var temporary = try TemporaryFile(beside: to)
    try copyContent(from: source, to: temporary.file, goingOn)
    do throws(SystemError) {
      try temporary.setAttributes(mode: status.mode, uid: status.uid, gid: status.gid)
    } catch {
      if error.errno != EPERM { throw error }
      try temporary.setAttributes(mode: status.mode & 0o777, uid: nil, gid: nil)
    }
    for name in ExtendedAttributes.names(source) {
      // What the target cannot hold is left out.
      guard let value = ExtendedAttributes.value(name, of: source) else { continue }
      try? ExtendedAttributes.set(name, value, of: temporary.file)
    }
    setTime(of: temporary.file, to: status.mtime)
    try temporary.commit(sync: sync)
  }

  private static func copyLink(_ from: String, to: String, sync: Bool) throws(SystemError) {
    let target = try readLink(from)
    let status = try status(from)
    let temporary = TemporaryFile.name(beside: to)
    try symlink(target, at: temporary)
    do throws(SystemError) {
      if let status, geteuid() == 0 {
        try chown(temporary, uid: status.uid, gid: status.gid)
      }
      try rename(temporary, to: to)
    } catch {
      _ = unlink(temporary)
      throw error
    }
    if sync { try syncDirectory(directory(of: to)) }
  }

  private static func copyContent(
    from source: FileDescriptor, to target: FileDescriptor, _ goingOn: () -> Void
  ) throws(SystemError) {
    if hf_clone_file(target.raw, source.raw) == 0 { return }
    // Copied in the kernel until it says that these two file systems cannot.
    while true {
      let count = copy_file_range(source.raw, nil, target.raw, nil, 8 << 20, 0)
      if count < 0 && errno == EINTR { continue }
      if count > 0 {
        goingOn()
        continue
      }
      // At 0 the plain copy below finds the end, or what a /proc file hides behind a size of 0.
      break
    }
    while true {
      let bytes = try source.read(upTo: 1 << 20)
      if bytes.isEmpty { return }
      try target.writeAll(bytes)
      goingOn()
    }
  }

  private static func setTime(of file: FileDescriptor, to nanoseconds: Int64) {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let time = timespec(
      tv_sec: Int(rest < 0 ? seconds - 1 : seconds),
      tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
    _ = withUnsafePointer(to: (time, time)) { pair in
      pair.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(file.raw, $0) }
    }
  }
}
