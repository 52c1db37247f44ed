import Glibc

// What this command prints, and where:
//
//  1. What was asked for goes to standard output; what went wrong, and questions, to standard
//     error. `with-token` speaks on standard error only: standard output is its command's.
//  2. Say what happened, then why, then what to do. No banner, no emoji, no progress for its own
//     sake.
//  3. With `--json`, standard output carries the daemon's reply as it came, one object on a line,
//     refusals too. Scripts read that and the exit status, nothing else.
//  4. Colour goes to terminals only, not where NO_COLOR is set (no-color.org) or TERM is `dumb`,
//     and never says anything that the words do not.
//  5. Nothing depends on the locale or on the terminal's width. Times are local (TZ), durations are
//     rounded as a person would; both are made in `Times.swift` alone. Exact ones are in the JSON.
//  6. Nothing that came from outside is printed before its control characters are gone (`Reply`,
//     `Text.printable`).
//  7. A reader that goes away (`| head`) ends the command quietly.

/// The two streams, unbuffered: what was printed has been printed, whatever happens next.
enum Console {
  /// Lines for standard output.
  static func print(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    let failed = write(lines.joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    guard failed != 0 else { return }
    guard failed != EPIPE else { exit(ExitStatus.done.rawValue) }
    error("holdfast: standard output cannot be written: \(Text.reason(of: failed))")
    exit(ExitStatus.refused.rawValue)
  }

  /// A line for standard error. That nobody may be reading there is no reason to stop.
  static func error(_ line: String) {
    write(line + "\n", to: STDERR_FILENO)
  }

  /// Writes all of a text.
  ///
  /// - Returns: 0, or the errno that ended it.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return errno
      }
      rest = rest.dropFirst(count)
    }
    return 0
  }
}

/// Colour for one stream: nothing at all where it is not wanted.
struct Paint {
  let isOn: Bool

  static var standardOutput: Paint { Paint(isOn: isWanted(on: STDOUT_FILENO)) }
  static var standardError: Paint { Paint(isOn: isWanted(on: STDERR_FILENO)) }

  func good(_ text: String) -> String { painted(text, "32") }
  func warning(_ text: String) -> String { painted(text, "33") }
  func bad(_ text: String) -> String { painted(text, "31") }

  /// The word for a host's or a service's state, in its colour.
  func state(_ state: String) -> String {
    switch state {
    case "protected": good(state)
    case "degraded": bad(state)
    default: warning(state)
    }
  }

  /// ECMA-48 SGR.
  private func painted(_ text: String, _ code: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private static func isWanted(on descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && (environment("NO_COLOR") ?? "").isEmpty
      && environment("TERM") != "dumb"
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
