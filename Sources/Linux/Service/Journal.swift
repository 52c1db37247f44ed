internal import Glibc

/// Writes to the journal in its own protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/.
///
/// Not sd_journal_sendv(3): that waits while the journal's queue is full, so whoever stops journald
/// would stop us. Here such an entry is lost instead.
package enum Journal {
  static let socketPath = "/run/systemd/journal/socket"

  /// Sends one entry: the message, a priority of syslog(3) from 0 (emergency) to 7 (debug), the id
  /// of the kind of message (32 hexadecimal digits), and further fields. A field's name is 1 to 64
  /// of `A–Z 0–9 _` and starts with a letter; fields with other names are left out.
  ///
  /// Returns at once. False where the journal is not there or not listening.
  @discardableResult
  package static func send(
    message: String, priority: Int, messageID: String? = nil, fields: [(String, String)] = []
  ) -> Bool {
    send(
      entry(message: message, priority: priority, messageID: messageID, fields: fields),
      to: socketPath)
  }

  /// The entry as it goes over the socket.
  static func entry(
    message: String, priority: Int, messageID: String?, fields: [(String, String)]
  ) -> [UInt8] {
    var entry: [UInt8] = []
    append("MESSAGE", message, to: &entry)
    append("PRIORITY", String(min(max(priority, 0), 7)), to: &entry)
    if let messageID { append("MESSAGE_ID", messageID, to: &entry) }
    for (name, value) in fields where isName(name) { append(name, value, to: &entry) }
    return entry
  }

  private static func isName(_ name: String) -> Bool {
    let bytes = name.utf8
    guard let first = bytes.first, (65...90).contains(first) else { return false }
    return bytes.count <= 64
      && bytes.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
  }

  /// `NAME=value`, or for values with a line feed the name, the length as 8 bytes (little-endian)
  /// and the value, each form ended by a line feed.
  private static func append(_ name: String, _ value: String, to entry: inout [UInt8]) {
    let bytes = Array(value.utf8)
    entry += name.utf8
    if bytes.contains(10) {
      entry.append(10)
      for shift in stride(from: 0, to: 64, by: 8) {
        entry.append(UInt8(truncatingIfNeeded: bytes.count >> shift))
      }
    } else {
      entry.append(UInt8(ascii: "="))
    }
    entry += bytes
    entry.append(10)
  }

  /// One datagram, never waiting. What is too long for one goes in a sealed memory file instead.
  static func send(_ entry: [UInt8], to path: String) -> Bool {
    let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if raw < 0 { return false }
    let socket = FileDescriptor(adopting: raw)
    do throws(SystemError) {
      try UnixSocket.withAddress(path, "connect to") { Glibc.connect(socket.raw, $0, $1) }
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      do throws(SystemError) {
        try syscall("send") { Glibc.send(socket.raw, entry, entry.count, flags) }
      } catch {
        if error.errno != EMSGSIZE && error.errno != ENOBUFS { throw error }
        try sendFile(entry, on: socket, flags)
      }
      return true
    } catch {
      return false
    }
  }

  private static func sendFile(
    _ entry: [UInt8], on socket: FileDescriptor, _ flags: Int32
  ) throws(SystemError) {
    let file = FileDescriptor(
      adopting: try syscall("make a memory file") {
        memfd_create("holdfast-journal", UInt32(MFD_CLOEXEC) | UInt32(MFD_ALLOW_SEALING))
      })
    try file.writeAll(entry)
    let seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL
    try syscall("seal a memory file") { fcntl(file.raw, F_ADD_SEALS, seals) }
    try Descriptors.send(file, on: socket, flags)
  }
}
