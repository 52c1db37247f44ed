internal import Glibc

/// Runs a system call again for as long as a signal interrupts it; -1 becomes a `SystemError`.
///
/// Never for close(2): on Linux the descriptor is gone even when close says EINTR.
@discardableResult
func syscall<Value: FixedWidthInteger & SignedInteger>(
  _ operation: @autoclosure () -> String, _ body: () -> Value
) throws(SystemError) -> Value {
  while true {
    let value = body()
    if value != -1 { return value }
    let code = errno
    if code != EINTR { throw SystemError(errno: code, operation: operation()) }
  }
}

/// Runs a system call on a path. A path with a NUL byte, which C would cut short, is EINVAL.
@discardableResult
func syscall<Value: FixedWidthInteger & SignedInteger>(
  _ operation: String, path: String, _ body: (UnsafePointer<CChar>) -> Value
) throws(SystemError) -> Value {
  if path.utf8.contains(0) {
    throw SystemError(errno: EINVAL, operation: "\(operation) (a path with a NUL byte)")
  }
  return try syscall("\(operation) \(path)") { path.withCString(body) }
}

/// The result of a libsystemd call, which says its errno as a negative number.
@discardableResult
func check(_ operation: @autoclosure () -> String, _ result: Int32) throws(SystemError) -> Int32 {
  if result < 0 { throw SystemError(errno: -result, operation: operation()) }
  return result
}

/// Lets a write to a closed pipe or socket fail with EPIPE instead of ending the process. First
/// thing in every `main`.
package func ignoreSIGPIPE() {
  _ = signal(SIGPIPE, SIG_IGN)
}
