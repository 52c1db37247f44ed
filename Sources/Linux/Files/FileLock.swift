internal import Glibc

/// Advisory record locks on whole files: fcntl_locking(2), what dpkg and apt use.
package enum FileLock {
  /// Whether another process holds a write lock on the file, such as `/var/lib/dpkg/lock-frontend`.
  /// False as well where there is no such file or it cannot be asked.
  package static func isHeld(_ path: String) -> Bool {
    (try? holder(of: path)) ?? nil != nil
  }

  /// The process that holds a lock on the file: nil for nobody or no file, -1 for a lock that
  /// belongs to an open file and not to a process.
  package static func holder(of path: String) throws(SystemError) -> Int32? {
    let file: FileDescriptor
    do throws(SystemError) {
      file = try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
      throw error
    }
    var lock = wholeFile()
    try syscall("ask for the lock of \(path)") { fcntl(file.raw, F_GETLK, &lock) }
    return lock.l_type == Int16(F_UNLCK) ? nil : lock.l_pid
  }

  /// Takes the write lock without waiting, making the file where there is none; nil while someone
  /// else has it. It is held until the descriptor is closed, also while others in this process open
  /// and close the file (it is an open file description lock).
  package static func take(
    _ path: String, mode: UInt32 = 0o600
  ) throws(SystemError) -> FileDescriptor? {
    let file = try open(path, mode)
    return try tryToLock(file, path) ? file : nil
  }

  /// Takes the write lock as `take` does, but waits for as long as someone else has it.
  ///
  /// - Parameter waiting: called once, before the wait, where someone else has it.
  package static func wait(
    for path: String, mode: UInt32 = 0o600, waiting: () -> Void = {}
  ) throws(SystemError) -> FileDescriptor {
    let file = try open(path, mode)
    if try tryToLock(file, path) { return file }
    waiting()
    var lock = wholeFile()
    try syscall("lock \(path)") { fcntl(file.raw, F_OFD_SETLKW, &lock) }
    return file
  }

  private static func open(_ path: String, _ mode: UInt32) throws(SystemError) -> FileDescriptor {
    try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW, mode: mode)
  }

  /// False while someone else has the lock.
  private static func tryToLock(_ file: FileDescriptor, _ path: String) throws(SystemError) -> Bool
  {
    var lock = wholeFile()
    do throws(SystemError) {
      try syscall("lock \(path)") { fcntl(file.raw, F_OFD_SETLK, &lock) }
      return true
    } catch {
      if error.errno == EAGAIN || error.errno == EACCES { return false }
      throw error
    }
  }

  private static func wholeFile() -> flock {
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    return lock
  }
}
