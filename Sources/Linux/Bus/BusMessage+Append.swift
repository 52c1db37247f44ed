internal import CSystemd
internal import Glibc

extension BusMessage {
  package func append(string: String) throws(BusError) {
    try append(.string, text: string)
  }

  /// An object path: `/org/freedesktop/systemd1`.
  package func append(path: String) throws(BusError) {
    try append(.path, text: path)
  }

  package func append(signature: String) throws(BusError) {
    try append(.signature, text: signature)
  }

  package func append(bool: Bool) throws(BusError) {
    try append(.bool, bool ? Int32(1) : 0)
  }

  package func append(int32: Int32) throws(BusError) {
    try append(.int32, int32)
  }

  package func append(uint32: UInt32) throws(BusError) {
    try append(.uint32, uint32)
  }

  package func append(int64: Int64) throws(BusError) {
    try append(.int64, int64)
  }

  package func append(uint64: UInt64) throws(BusError) {
    try append(.uint64, uint64)
  }

  /// An `as`.
  package func append(strings: [String]) throws(BusError) {
    try openContainer("a", "s")
    for string in strings { try append(string: string) }
    try closeContainer()
  }

  /// An `ay`.
  package func append(bytes: [UInt8]) throws(BusError) {
    try checkBus(
      "append bytes",
      sd_bus_message_append_array(message, BusBasic.byte.type, bytes, bytes.count))
  }

  /// Starts what holds other values: `a` an array, `v` a variant, `r` a structure, `e` an entry of
  /// a dictionary; with the types of its contents: `"v", "as"`.
  package func openContainer(_ type: Unicode.Scalar, _ contents: String) throws(BusError) {
    try checkBus(
      "open a container", sd_bus_message_open_container(message, type.busType, contents))
  }

  package func closeContainer() throws(BusError) {
    try checkBus("close a container", sd_bus_message_close_container(message))
  }

  private func append<Value: FixedWidthInteger>(
    _ type: BusBasic, _ value: Value
  ) throws(BusError) {
    var value = value
    try checkBus("append a number", sd_bus_message_append_basic(message, type.type, &value))
  }

  /// A string with a NUL byte, which C would cut short, is refused.
  private func append(_ type: BusBasic, text: String) throws(BusError) {
    if text.utf8.contains(0) { throw BusError("append a string with a NUL byte", -EINVAL) }
    try checkBus(
      "append a string", text.withCString { sd_bus_message_append_basic(message, type.type, $0) })
  }
}

// MARK: - Properties, as StartTransientUnit and SetUnitProperties take them

extension BusMessage {
  /// Appends an `a(sv)` of what the body adds with `appendProperty`.
  package func appendProperties(_ body: () throws(BusError) -> Void) throws(BusError) {
    try openContainer("a", "(sv)")
    try body()
    try closeContainer()
  }

  /// Appends one `(sv)` with an `s`.
  package func appendProperty(_ name: String, string: String) throws(BusError) {
    try property(name, "s") { () throws(BusError) in try append(string: string) }
  }

  /// Appends one `(sv)` with a `b`.
  package func appendProperty(_ name: String, bool: Bool) throws(BusError) {
    try property(name, "b") { () throws(BusError) in try append(bool: bool) }
  }

  /// Appends one `(sv)` with a `t`: times in microseconds, sizes in bytes, weights.
  package func appendProperty(_ name: String, uint64: UInt64) throws(BusError) {
    try property(name, "t") { () throws(BusError) in try append(uint64: uint64) }
  }

  /// Appends one `(sv)` with a `u`: `UMask`, …
  package func appendProperty(_ name: String, uint32: UInt32) throws(BusError) {
    try property(name, "u") { () throws(BusError) in try append(uint32: uint32) }
  }

  /// Appends one `(sv)` with an `i`: `OOMScoreAdjust`, `Nice`, …
  package func appendProperty(_ name: String, int32: Int32) throws(BusError) {
    try property(name, "i") { () throws(BusError) in try append(int32: int32) }
  }

  /// Appends one `(sv)` with an `as`.
  package func appendProperty(_ name: String, strings: [String]) throws(BusError) {
    try property(name, "as") { () throws(BusError) in try append(strings: strings) }
  }

  /// Appends one `(sv)` with an `ay`: `StandardInputData`.
  package func appendProperty(_ name: String, bytes: [UInt8]) throws(BusError) {
    try property(name, "ay") { () throws(BusError) in try append(bytes: bytes) }
  }

  /// Appends one `(sv)` with an `a(sasb)`: `ExecStart` and its like.
  package func appendProperty(_ name: String, commands: [BusCommand]) throws(BusError) {
    try property(name, "a(sasb)") { () throws(BusError) in try append(commands: commands) }
  }

  /// As above, from command lines whose first word is the program's path; an empty one is refused.
  package func appendProperty(_ name: String, commands: [[String]]) throws(BusError) {
    var checked: [BusCommand] = []
    for words in commands {
      guard let path = words.first else { throw BusError("append an empty command", -EINVAL) }
      checked.append(BusCommand(path: path, arguments: words))
    }
    try appendProperty(name, commands: checked)
  }

  private func property(
    _ name: String, _ type: String, _ body: () throws(BusError) -> Void
  ) throws(BusError) {
    try openContainer("r", "sv")
    try append(string: name)
    try openContainer("v", type)
    try body()
    try closeContainer()
    try closeContainer()
  }

  private func append(commands: [BusCommand]) throws(BusError) {
    try openContainer("a", "(sasb)")
    for command in commands {
      try openContainer("r", "sasb")
      try append(string: command.path)
      try append(strings: command.arguments)
      try append(bool: command.ignoresFailure)
      try closeContainer()
    }
    try closeContainer()
  }
}
