/// Where the link says what happens to it: lines for the journal, each with its priority in front
/// (sd-daemon(3)). What comes from outside is said without control characters, and secrets never.
package struct LinkLog: Sendable {
  package enum Level: Int, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case information = 6
  }

  private let write: @Sendable (Level, String) -> Void

  package init(_ write: @escaping @Sendable (Level, String) -> Void) { self.write = write }

  package func callAsFunction(_ level: Level, _ text: String) {
    write(level, Self.printable(text, limit: 2_000))
  }

  /// Without control characters, and no longer than so many characters.
  package static func printable(_ text: String, limit: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(limit).map {
          $0.properties.generalCategory == .control ? " " : $0
        }))
  }
}
