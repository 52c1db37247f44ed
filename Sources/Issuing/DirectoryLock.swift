internal import AgentToken
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
      // It goes with the descriptor, so a crash leaves nothing locked.
      lock = try FileLock.wait(for: path, waiting: waiting)
    } catch {
      throw Refusal(error, "take the lock \(path)")
    }
    return try withExtendedLifetime(lock) { () throws(Refusal) in try body() }
  }
}
