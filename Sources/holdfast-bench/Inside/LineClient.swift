import Linux

/// A client that waits for each answer before it asks the next: one line there, one line back.
struct LineClient {
  private let socket: FileDescriptor

  /// - Throws: also when an answer, later, takes longer than 60 s.
  init(_ path: String) throws(SystemError) {
    socket = try UnixSocket.connect(path, timeout: 60_000_000)
  }

  /// The answer with its newline.
  func ask(_ line: String) throws -> [UInt8] {
    try socket.writeAll(Array(line.utf8) + [UInt8(ascii: "\n")])
    var answer: [UInt8] = []
    while answer.last != UInt8(ascii: "\n") {
      let bytes = try socket.read(upTo: 64 << 10)
      if bytes.isEmpty { throw Inside.Failure(description: "no answer to \(line)") }
      answer += bytes
    }
    return answer
  }
}
