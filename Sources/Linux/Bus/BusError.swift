internal import CSystemd
internal import Glibc

/// A call that the other side refused, that got no answer, or that could not be made.
package struct BusError: Error, Sendable, Equatable, CustomStringConvertible {
  /// `org.freedesktop.systemd1.NoSuchUnit`, …; compare this.
  package let name: String
  /// For a person.
  package let message: String
  /// The closest error number, positive.
  package let errno: Int32

  package init(name: String, message: String, errno: Int32) {
    self.name = name
    self.message = message
    self.errno = errno
  }

  /// The names that matter here.
  package enum Name {
    package static let accessDenied = "org.freedesktop.DBus.Error.AccessDenied"
    /// No answer within the call's time, or the connection ended before it came.
    package static let noReply = "org.freedesktop.DBus.Error.NoReply"
    /// There was no connection when the call was made.
    package static let disconnected = "org.freedesktop.DBus.Error.Disconnected"
    /// A message that is not laid out as expected, or could not be put together.
    package static let inconsistentMessage = "org.freedesktop.DBus.Error.InconsistentMessage"
    /// What libsystemd itself says failed, by `errno`.
    package static let failed = "org.freedesktop.DBus.Error.Failed"
  }

  /// There is no connection to call over.
  package static let disconnected = BusError(
    name: Name.disconnected, message: "not connected to the service manager", errno: ENOTCONN)

  package var description: String {
    message.isEmpty ? name : "\(message) (\(name))"
  }

  /// What an error reply says.
  init(reply message: OpaquePointer) {
    let error = sd_bus_message_get_error(message)?.pointee
    name = error?.name.map { String(cString: $0) } ?? Name.failed
    self.message = error?.message.map { String(cString: $0) } ?? ""
    errno = sd_bus_message_get_errno(message)
  }

  /// A libsystemd function that returned -errno.
  init(_ operation: String, _ result: Int32) {
    let error = SystemError(errno: -result, operation: operation)
    name =
      switch error.errno {
      case ETIMEDOUT: Name.noReply
      case ENOTCONN, ECONNRESET, EPIPE, ESHUTDOWN: Name.disconnected
      case EBADMSG, ENXIO: Name.inconsistentMessage
      default: Name.failed
      }
    message = error.description
    errno = error.errno
  }
}

/// The result of an sd-bus function, which says its errno as a negative number.
@discardableResult
func checkBus(_ operation: @autoclosure () -> String, _ result: Int32) throws(BusError) -> Int32 {
  if result < 0 { throw BusError(operation(), result) }
  return result
}
