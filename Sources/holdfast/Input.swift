import Linux

/// Small text files and standard input, read whole and never beyond a limit.
enum Input {
  /// A file's text, or standard input's where the path is `-`. A pipe (`<(pass show token)`) is
  /// waited for.
  ///
  /// - Parameter limit: bytes; a longer file is refused.
  static func file(_ path: String, limit: Int) throws(Failure) -> String {
    if path == "-" { return try standardInput(limit: limit) }
    let name = Text.printable(path)
    let file: FileDescriptor
    do throws(SystemError) {
      file = try FileDescriptor.open(path, flags: OpenFlags.readOnly)
    } catch {
      throw unreadable(name, error)
    }
    return try text(of: file, name: name, limit: limit)
  }

  static func standardInput(limit: Int) throws(Failure) -> String {
    try text(of: .standardInput, name: "Standard input", limit: limit)
  }

  private static func text(
    of file: FileDescriptor, name: String, limit: Int
  ) throws(Failure) -> String {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try file.readAll(limit: limit)
    } catch {
      throw error.errno == ErrorNumber.fileTooLarge
        ? tooLong(name, limit) : unreadable(name, error)
    }
    return try text(bytes, from: name)
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

  private static func unreadable(_ name: String, _ error: SystemError) -> Failure {
    .usage("\(name) cannot be read: \(Text.reason(of: error))")
  }
}
