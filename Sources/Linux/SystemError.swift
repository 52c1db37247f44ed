internal import Glibc

/// A system call, or a libsystemd function, that failed: what was tried and errno(3).
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The error number, positive: `ENOENT`, `EACCES`, …
  package let errno: Int32
  /// What was tried, for a person: `open /etc/shadow`.
  package let operation: String

  package init(errno: Int32, operation: String) {
    self.errno = errno
    self.operation = operation
  }

  /// `open /etc/shadow: Permission denied`. English, whatever the locale says.
  package var description: String {
    "\(operation): \(reason)"
  }

  /// What strerror(3) says of the number, untranslated.
  package var reason: String {
    guard let text = strerrordesc_np(errno) else { return "error \(errno)" }
    return String(cString: text)
  }
}
