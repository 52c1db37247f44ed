internal import CSystemd
internal import Glibc

/// One message, made for a call and then filled in order, or received and then read in order.
///
/// Every function throws when the message does not hold, or may not hold, what is asked for; the
/// place in the message is undefined then.
package final class BusMessage {
  /// `sd_bus_message *`, of which this holds one reference.
  let message: OpaquePointer

  /// Takes over a reference.
  init(adopting message: OpaquePointer) {
    self.message = message
  }

  /// A received message, which sd-bus only lends to its callback.
  convenience init(received message: OpaquePointer) {
    self.init(adopting: sd_bus_message_ref(message) ?? message)
  }

  deinit {
    _ = sd_bus_message_unref(message)
  }

  /// The object that a signal is about.
  package var path: String? {
    text(sd_bus_message_get_path(message))
  }

  package var interface: String? {
    text(sd_bus_message_get_interface(message))
  }

  package var member: String? {
    text(sd_bus_message_get_member(message))
  }

  /// The types of all that it holds: `a{sv}`.
  package var signature: String {
    text(sd_bus_message_get_signature(message, 1)) ?? ""
  }

  /// Starts reading from the beginning again.
  package func rewind() throws(BusError) {
    try checkBus("rewind a message", sd_bus_message_rewind(message, 1))
  }

  /// Ends a message that was put together, so that it can be read, as if it had come from
  /// elsewhere.
  func seal() throws(BusError) {
    try checkBus("end a message", sd_bus_message_seal(message, 1, 0))
    try rewind()
  }

  private func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}

extension Unicode.Scalar {
  /// The type's name as sd-bus takes it.
  var busType: CChar {
    CChar(truncatingIfNeeded: value)
  }
}

/// sd-bus's names for the types that hold nothing else: "Type System" in the D-Bus specification.
enum BusBasic: Unicode.Scalar {
  case byte = "y"
  case bool = "b"
  case int16 = "n"
  case uint16 = "q"
  case int32 = "i"
  case uint32 = "u"
  case int64 = "x"
  case uint64 = "t"
  case string = "s"
  case path = "o"
  case signature = "g"

  var type: CChar {
    rawValue.busType
  }
}
