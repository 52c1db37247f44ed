internal import Linux
internal import Logging

/// Lines on standard error, each with its level as the journal reads it (sd-daemon(3)) where that is
/// who listens.
struct ServerLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel: Logger.Level
  private let isJournal: Bool

  init(level: Logger.Level) {
    logLevel = level
    isJournal = Environment.value(of: "JOURNAL_STREAM") != nil
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = isJournal ? "<\(Self.priority(event.level))>" : ""
    line += event.message.description
    for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
      line += " \(key)=\(value)"
    }
    // One line each, whatever is in it.
    let plain = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
    var text = String(String.UnicodeScalarView(plain))
    text += "\n"
    try? FileDescriptor.standardError.writeAll(Array(text.utf8))
  }

  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}
