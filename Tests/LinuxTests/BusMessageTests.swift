import Glibc
import Testing

@testable import Linux

/// Messages are put together and read back without a connection.
@Suite struct BusMessageTests {
  /// A sealed message, at its start.
  func message(_ build: (BusMessage) throws -> Void) throws -> BusMessage {
    // Messages can be made for a connection that was started only; nobody is at its other end.
    let directory = try TemporaryDirectory()
    let listener = try UnixSocket.listen(directory("private"))
    defer { withExtendedLifetime(listener) {} }
    let bus = try Bus.connectToManager(path: directory("private"))
    let message = try bus.message("a.b", "/a", "a.b", "C")
    try build(message)
    try message.seal()
    return message
  }

  @Test func basicValues() throws {
    let message = try message {
      try $0.append(string: "text ü")
      try $0.append(path: "/a/b")
      try $0.append(bool: true)
      try $0.append(bool: false)
      try $0.append(int32: -5)
      try $0.append(uint32: 5)
      try $0.append(int64: .min)
      try $0.append(uint64: .max)
      try $0.append(strings: ["a", ""])
      try $0.append(bytes: [1, 0, 2])
      try $0.append(bytes: [])
    }
    #expect(message.signature == "sobbiuxtasayay")
    #expect(message.path == "/a")
    #expect(message.interface == "a.b")
    #expect(message.member == "C")
    #expect(try message.peekType() == "s")
    #expect(try message.readString() == "text ü")
    #expect(try message.readObjectPath() == "/a/b")
    #expect(try message.readBool())
    #expect(try !message.readBool())
    #expect(try message.readInt32() == -5)
    #expect(try message.readUInt32() == 5)
    #expect(try message.readInt64() == .min)
    #expect(try message.readUInt64() == .max)
    #expect(try message.peekType() == "as")
    #expect(try message.readStrings() == ["a", ""])
    #expect(try message.readBytes() == [1, 0, 2])
    #expect(try message.readBytes() == [])
    #expect(try message.peekType() == nil)
    #expect(try message.isAtEnd())
  }

  @Test func refusesWhatDoesNotFit() throws {
    let message = try message { try $0.append(string: "text") }
    let error = #expect(throws: BusError.self) { try message.readUInt32() }
    #expect(error?.name == BusError.Name.inconsistentMessage)
    _ = try message.readString()
    #expect(throws: BusError.self) { try message.readString() }
    #expect(throws: BusError.self) { try self.message { try $0.append(string: "a\0b") } }
    #expect(throws: BusError.self) { try self.message { try $0.append(path: "no path") } }
  }

  @Test func propertiesOfATransientUnit() throws {
    let message = try message { message in
      try message.appendProperties { () throws(BusError) in
        try message.appendProperty("Description", string: "a")
        try message.appendProperty("RemainAfterExit", bool: true)
        try message.appendProperty("RuntimeMaxUSec", uint64: .max)
        try message.appendProperty("UMask", uint32: 0o77)
        try message.appendProperty("Nice", int32: -3)
        try message.appendProperty("After", strings: ["b.service"])
        try message.appendProperty("StandardInputData", bytes: [1, 2])
        try message.appendProperty("ExecStart", commands: [["/bin/true", "x"]])
      }
    }
    #expect(message.signature == "a(sv)")
    var types: [String] = []
    try message.forEach(in: "a", "(sv)") { () throws(BusError) in
      try message.enterContainer("r", "sv")
      _ = try message.readString()
      types.append(try message.peekType() ?? "")
      try message.skip("v")
      try message.exitContainer()
    }
    #expect(types == ["vs", "vb", "vt", "vu", "vi", "vas", "vay", "va(sasb)"])
    #expect(throws: BusError.self) {
      try self.message { try $0.appendProperty("ExecStart", commands: [[]]) }
    }
  }

  /// Appends one entry of an `a{sv}`.
  func entry(
    _ message: BusMessage, _ name: String, _ type: String, _ body: () throws -> Void
  ) throws {
    try message.openContainer("e", "sv")
    try message.append(string: name)
    try message.openContainer("v", type)
    try body()
    try message.closeContainer()
    try message.closeContainer()
  }

  func properties() throws -> BusMessage {
    try message { message in
      try message.openContainer("a", "{sv}")
      try entry(message, "Id", "s") { try message.append(string: "a.service") }
      try entry(message, "Following", "o") { try message.append(path: "/x") }
      try entry(message, "NeedDaemonReload", "b") { try message.append(bool: true) }
      try entry(message, "MainPID", "u") { try message.append(uint32: 17) }
      try entry(message, "Nice", "i") { try message.append(int32: -2) }
      try entry(message, "When", "x") { try message.append(int64: -3) }
      try entry(message, "MemoryMax", "t") { try message.append(uint64: .max) }
      try entry(message, "DropInPaths", "as") { try message.append(strings: ["/a", "/b"]) }
      try entry(message, "Data", "ay") { try message.append(bytes: [9]) }
      try entry(message, "Job", "(uo)") {
        try message.openContainer("r", "uo")
        try message.append(uint32: 4)
        try message.append(path: "/job/4")
        try message.closeContainer()
      }
      try entry(message, "LoadError", "(ss)") {
        try message.openContainer("r", "ss")
        try message.append(string: "name")
        try message.append(string: "why")
        try message.closeContainer()
      }
      try entry(message, "ExecStart", "a(sasbttttuii)") {
        try message.openContainer("a", "(sasbttttuii)")
        for path in ["/bin/a", "/bin/b"] {
          try message.openContainer("r", "sasbttttuii")
          try message.append(string: path)
          try message.append(strings: [path, "-x"])
          try message.append(bool: path == "/bin/b")
          for number in 1...4 { try message.append(uint64: UInt64(number)) }
          try message.append(uint32: 5)
          try message.append(int32: 6)
          try message.append(int32: 7)
          try message.closeContainer()
        }
        try message.closeContainer()
      }
      try entry(message, "Odd", "a(sb)") {
        try message.openContainer("a", "(sb)")
        try message.closeContainer()
      }
      try entry(message, "Last", "s") { try message.append(string: "end") }
      try message.closeContainer()
    }
  }

  @Test func everyPropertyIsRead() throws {
    let found = try properties().readProperties()
    #expect(
      found == [
        "Id": .string("a.service"), "Following": .string("/x"), "NeedDaemonReload": .bool(true),
        "MainPID": .uint64(17), "Nice": .uint64(UInt64(bitPattern: -2)),
        "When": .uint64(UInt64(bitPattern: -3)), "MemoryMax": .uint64(.max),
        "DropInPaths": .strings(["/a", "/b"]), "Data": .bytes([9]), "Job": .job(4, "/job/4"),
        "LoadError": .pairs([BusPair(first: "name", second: "why")]),
        "ExecStart": .commands([
          BusCommand(path: "/bin/a", arguments: ["/bin/a", "-x"]),
          BusCommand(path: "/bin/b", arguments: ["/bin/b", "-x"], ignoresFailure: true),
        ]),
        "Odd": .unsupported("a(sb)"), "Last": .string("end"),
      ])
    #expect(found["Nice"]?.signed == -2)
    #expect(found["Job"]?.jobID == 4)
  }

  @Test func onlyWhatIsWantedIsRead() throws {
    let found = try properties().readProperties(["Id", "Last", "NotThere"])
    #expect(found == ["Id": .string("a.service"), "Last": .string("end")])
  }
}
