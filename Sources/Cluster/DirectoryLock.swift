internal import AgentToken
internal import Glibc
internal import Linux

/// Holds an issuer's directory for one change: two that run at once take turns, so that no
/// sequence number is given twice and no revocation is lost.
enum DirectoryLock {
  /// The lock's file in the issuer's directory. It stays there, empty.
  static let fileName = "lock"

  /// Waits until nobody else holds the lock, and holds it while `body` runs.
  ///
  /// - Parameter waiting: called once, before the wait, where somebody else does.
  static func hold<Result>(
    _ directory: String, waiting: () -> Void, _ body: () throws(Refusal) -> Result
  ) throws(Refusal) -> Result {
    let path = "\(directory)/\(fileName)"
    let lock: FileDescriptor
    do {
      lock = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    } catch {
      throw Refusal(error, "open the lock \(path)")
    }
    try take(lock, path, waiting: waiting)
    return try withExtendedLifetime(lock) { () throws(Refusal) in try body() }
  }

  /// flock(2); it goes with the last descriptor, so a crash leaves nothing locked.
  private static func take(
    _ lock: FileDescriptor, _ path: String, waiting: () -> Void
  ) throws(Refusal) {
    var how = LOCK_EX | LOCK_NB
    while flock(lock.raw, how) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        waiting()
        how = LOCK_EX
      case let number:
        throw Refusal(SystemError(errno: number, operation: "flock"), "lock \(path)")
      }
    }
  }
}
