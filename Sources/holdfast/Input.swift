import Glibc

/// Small text files and standard input, read whole and never beyond a limit.
enum Input {
  /// A file's text, or standard input's where the path is `-`. A pipe (`<(pass show token)`) is
  /// waited for.
  ///
  /// - Parameter limit: bytes; a longer file is refused.
  static func file(_ path: String, limit: Int) throws(Failure) -> String {
    if path == "-" { return try standardInput(limit: limit) }
    let name = Text.printable(path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(name, errno) }
    defer { close(descriptor) }
    return try text(of: descriptor, name: name, limit: limit)
  }

  static func standardInput(limit: Int) throws(Failure) -> String {
    try text(of: STDIN_FILENO, name: "Standard input", limit: limit)
  }

  private static func text(
    of descriptor: Int32, name: String, limit: Int
  ) throws(Failure) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= limit {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(name, errno) }
      if count == 0 { return try text(bytes, from: name) }
      bytes += chunk[..<count]
    }
    throw tooLong(name, limit)
  }

  private static func text(_ bytes: [UInt8], from name: String) throws(Failure) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .usage("\(name) is no text")
    }
    return text
  }

  private static func tooLong(_ name: String, _ limit: Int) -> Failure {
    .usage("\(name) is too long: at most \(limit) bytes are read")
  }

  private static func unreadable(_ name: String, _ number: Int32) -> Failure {
    .usage("\(name) cannot be read: \(Text.reason(of: number))")
  }
}
