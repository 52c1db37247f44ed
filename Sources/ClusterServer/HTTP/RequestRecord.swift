internal import Hummingbird
internal import JSON
internal import Logging

/// What the log says of a request: never a query, a header or a body, for secrets are in those.
struct RequestRecord: Sendable {
  let source: String
  let method: String
  let path: String
  /// An account's name, or an agent's.
  var who = ""
  /// For figures.
  var endpoint = "none"
  /// The code of a refusal.
  var code = ""
  /// What happens all the time is logged only where it fails.
  var isRoutine = false

  init(_ request: Request, source: String) {
    self.source = source
    method = request.method.rawValue
    path = String((request.head.path ?? "").prefix { $0 != "?" })
  }

  func log(_ status: Int, microseconds: UInt64, to logger: Logger) {
    let level: Logger.Level = status >= 500 ? .error : isRoutine && status < 400 ? .debug : .info
    guard level >= logger.logLevel else { return }
    var words = [source, Self.plain(who), Self.plain(method), Self.plain(path), String(status)]
    if !code.isEmpty { words.append(code) }
    words.append("\(microseconds / 1000) ms")
    logger.log(level: level, "\(words.joined(separator: " "))")
  }

  /// As it is where that is unmistakable.
  private static func plain(_ text: String) -> String {
    if text.isEmpty { return "-" }
    let isPlain =
      text.utf8.count <= 256
      && text.utf8.allSatisfy {
        (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
      }
    return isPlain ? text : text.quoted(limit: 256)
  }
}
