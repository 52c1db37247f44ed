internal import AgentToken
internal import Issuing
internal import Linux

/// A file with one thing on each line.
enum LinesFile {
  private static let limit = 16 << 20

  /// Its lines without the blanks they begin with; empty ones and those that begin with `#` do not count.
  ///
  /// - Parameter file: `-` for standard input.
  static func read(_ file: String) throws(Refusal) -> [String] {
    let bytes: [UInt8]
    do {
      bytes =
        try file == "-"
        ? FileDescriptor.standardInput.readAll(limit: limit) : Files.read(file, limit: limit)
    } catch {
      throw Refusal(error, "read \(file)")
    }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { String($0.drop { $0 == " " || $0 == "\t" }) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }
}
