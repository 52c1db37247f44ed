import Linux

/// Requests per second of one client, which waits for each answer.
enum Requests {
  /// What the rows are called, and the figures that they come from.
  static let figures = [
    ("ping, over one connection", "ping"), ("ping, a new connection each", "ping new"),
    ("status, over one connection", "status"), ("status, a new connection each", "status new"),
  ]

  private static let spells = 6
  private static let seconds = 0.25

  /// Each in turn with an echo that answers as many bytes.
  static func measure() throws {
    let echo = try EchoServer()
    defer { echo.remove() }
    for verb in ["ping", "status"] {
      echo.answer(with: try LineClient(Inside.controlSocket).ask(verb))
      var rates: [String: [Double]] = [:]
      for _ in 0..<spells {
        for (path, suffix) in [(Inside.controlSocket, ""), (echo.path, " echo")] {
          let client = try LineClient(path)
          rates[verb + suffix, default: []].append(try rate { _ = try client.ask(verb) })
        }
        for (path, suffix) in [(Inside.controlSocket, ""), (echo.path, " echo")] {
          rates["\(verb) new\(suffix)", default: []].append(
            try rate { _ = try LineClient(path).ask(verb) })
        }
      }
      for (name, values) in rates { Inside.print(name, values) }
    }
  }

  private static func rate(_ body: () throws -> Void) throws -> Double {
    try Stopwatch.perSecond(spells: 1, seconds: seconds, body).median
  }
}
