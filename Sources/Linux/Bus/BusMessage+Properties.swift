internal import Glibc

extension BusMessage {
  /// Reads an `a{sv}`, as GetAll replies and PropertiesChanged carries, and returns the properties
  /// that are wanted and there; all of them for nil. The others are passed over whatever their
  /// type.
  package func readProperties(
    _ wanted: Set<String>? = nil
  ) throws(BusError) -> [String: BusValue] {
    var properties: [String: BusValue] = [:]
    try forEach(in: "a", "{sv}") { () throws(BusError) in
      try enterContainer("e", "sv")
      let name = try readString()
      if wanted?.contains(name) ?? true {
        properties[name] = try readVariant()
      } else {
        try skip("v")
      }
      try exitContainer()
    }
    return properties
  }

  /// Reads a `v`, as Get of org.freedesktop.DBus.Properties replies.
  package func readVariant() throws(BusError) -> BusValue {
    guard let type = try peekType(), type.hasPrefix("v") else {
      throw BusError("read a variant", -EBADMSG)
    }
    let contents = String(type.dropFirst())
    try enterContainer("v", contents)
    let value = try readValue(contents)
    try exitContainer()
    return value
  }

  private func readValue(_ type: String) throws(BusError) -> BusValue {
    switch type {
    case "s": return .string(try readString())
    case "o": return .string(try readObjectPath())
    case "b": return .bool(try readBool())
    case "y": return .uint64(UInt64(try readNumber(.byte, UInt8.self)))
    case "q": return .uint64(UInt64(try readNumber(.uint16, UInt16.self)))
    case "u": return .uint64(UInt64(try readUInt32()))
    case "t": return .uint64(try readUInt64())
    case "n": return .uint64(UInt64(truncatingIfNeeded: try readNumber(.int16, Int16.self)))
    case "i": return .uint64(UInt64(truncatingIfNeeded: try readInt32()))
    case "x": return .uint64(UInt64(bitPattern: try readInt64()))
    case "as": return .strings(try readStrings())
    case "ay": return .bytes(try readBytes())
    case "(uo)":
      try enterContainer("r", "uo")
      let id = try readUInt32()
      let path = try readObjectPath()
      try exitContainer()
      return .job(id, path)
    case "(ss)": return .pairs([try readPair()])
    case "a(ss)":
      var pairs: [BusPair] = []
      try forEach(in: "a", "(ss)") { () throws(BusError) in pairs.append(try readPair()) }
      return .pairs(pairs)
    case "a(sasbttttuii)":
      var commands: [BusCommand] = []
      try forEach(in: "a", "(sasbttttuii)") { () throws(BusError) in
        commands.append(try readCommand())
      }
      return .commands(commands)
    default:
      try skip(type)
      return .unsupported(type)
    }
  }

  private func readPair() throws(BusError) -> BusPair {
    try enterContainer("r", "ss")
    let pair = BusPair(first: try readString(), second: try readString())
    try exitContainer()
    return pair
  }

  /// Path, arguments, whether failure is ignored; then when it last ran and how that ended.
  private func readCommand() throws(BusError) -> BusCommand {
    try enterContainer("r", "sasbttttuii")
    let command = BusCommand(
      path: try readString(), arguments: try readStrings(), ignoresFailure: try readBool())
    try skip("ttttuii")
    try exitContainer()
    return command
  }
}
