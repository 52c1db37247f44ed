import Linux

/// Lines on the two streams, unbuffered. On a terminal and in a pipe they say the same; colour is
/// for a terminal alone.
enum Output {
  static func write(_ text: String, to stream: FileDescriptor, newline: Bool = true) {
    var rest = Array((newline ? text + "\n" : text).utf8)[...]
    while !rest.isEmpty {
      guard let count = try? stream.tryWrite(rest) else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Without what could move the cursor or change its colour.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter {
          $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
        }))
  }

  /// `41 ms`, `2.4 s`.
  static func duration(_ microseconds: UInt64) -> String {
    let milliseconds = (microseconds + 999) / 1000
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    let tenths = (milliseconds + 50) / 100
    return "\(tenths / 10).\(tenths % 10) s"
  }

  static let isColoured =
    Terminal.isTerminal(.standardOutput) && (Environment.value(of: "NO_COLOR") ?? "").isEmpty
    && Environment.value(of: "TERM") != "dumb"

  /// ECMA-48 SGR.
  static func painted(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
