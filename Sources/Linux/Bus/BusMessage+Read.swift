internal import CSystemd
internal import Glibc

extension BusMessage {
  package func readString() throws(BusError) -> String {
    try readText(.string)
  }

  package func readObjectPath() throws(BusError) -> String {
    try readText(.path)
  }

  package func readBool() throws(BusError) -> Bool {
    try readNumber(.bool, Int32.self) != 0
  }

  package func readInt32() throws(BusError) -> Int32 {
    try readNumber(.int32, Int32.self)
  }

  package func readUInt32() throws(BusError) -> UInt32 {
    try readNumber(.uint32, UInt32.self)
  }

  package func readInt64() throws(BusError) -> Int64 {
    try readNumber(.int64, Int64.self)
  }

  package func readUInt64() throws(BusError) -> UInt64 {
    try readNumber(.uint64, UInt64.self)
  }

  /// An `as`.
  package func readStrings() throws(BusError) -> [String] {
    var strings: [String] = []
    try forEach(in: "a", "s") { () throws(BusError) in strings.append(try readString()) }
    return strings
  }

  /// An `ay`.
  package func readBytes() throws(BusError) -> [UInt8] {
    var start: UnsafeRawPointer?
    var count = 0
    try checkBus(
      "read bytes", sd_bus_message_read_array(message, BusBasic.byte.type, &start, &count))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Steps into what holds other values, named as in `openContainer`. False at the end of the array
  /// around it.
  @discardableResult
  package func enterContainer(
    _ type: Unicode.Scalar, _ contents: String
  ) throws(BusError) -> Bool {
    try checkBus(
      "enter a container", sd_bus_message_enter_container(message, type.busType, contents)) > 0
  }

  /// Steps out again; everything in it must have been read or skipped.
  package func exitContainer() throws(BusError) {
    try checkBus("leave a container", sd_bus_message_exit_container(message))
  }

  /// Calls the body once for each element of an array, or once for any other container, to read
  /// exactly one element.
  package func forEach(
    in type: Unicode.Scalar, _ contents: String, _ body: () throws(BusError) -> Void
  ) throws(BusError) {
    if try !enterContainer(type, contents) { return }
    while try !isAtEnd() { try body() }
    try exitContainer()
  }

  /// Whether all of this container, or of the message, has been read.
  package func isAtEnd() throws(BusError) -> Bool {
    try checkBus("read a message", sd_bus_message_at_end(message, 0)) > 0
  }

  /// Passes over values of these types: `sa(uo)`.
  package func skip(_ types: String) throws(BusError) {
    try checkBus("skip \(types)", sd_bus_message_skip(message, types))
  }

  /// The type of the next value: `s`; with its contents for one that holds others: `as`, `(uo)`,
  /// and `v` followed by what is in the variant. Nil at the end.
  package func peekType() throws(BusError) -> String? {
    var type: CChar = 0
    var contents: UnsafePointer<CChar>?
    let found = try checkBus(
      "look at a message", sd_bus_message_peek_type(message, &type, &contents))
    if found == 0 { return nil }
    let inner = contents.map { String(cString: $0) } ?? ""
    return switch UInt8(bitPattern: type) {
    case UInt8(ascii: "r"): "(\(inner))"
    case UInt8(ascii: "e"): "{\(inner)}"
    case let type: "\(Unicode.Scalar(type))\(inner)"
    }
  }

  func readNumber<Value: FixedWidthInteger>(
    _ type: BusBasic, _: Value.Type
  ) throws(BusError) -> Value {
    var value = Value.zero
    try checkEnd(sd_bus_message_read_basic(message, type.type, &value))
    return value
  }

  private func readText(_ type: BusBasic) throws(BusError) -> String {
    // The message owns the text.
    var text: UnsafePointer<CChar>?
    try checkEnd(sd_bus_message_read_basic(message, type.type, &text))
    return text.map { String(cString: $0) } ?? ""
  }

  /// sd-bus says 0, not an error, at the end of an array.
  private func checkEnd(_ result: Int32) throws(BusError) {
    if try checkBus("read a message", result) == 0 {
      throw BusError("read past the end of an array", -ENXIO)
    }
  }
}
