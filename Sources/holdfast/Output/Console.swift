import Linux

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
    do throws(SystemError) {
      try write(lines.joined(separator: "\n") + "\n", to: .standardOutput)
    } catch {
      if error.errno == ErrorNumber.brokenPipe { exitProcess(ExitStatus.done.rawValue) }
      Self.error("holdfast: standard output cannot be written: \(Text.reason(of: error))")
      exitProcess(ExitStatus.refused.rawValue)
    }
  }

  /// A line for standard error. That nobody may be reading there is no reason to stop.
  static func error(_ line: String) {
    try? write(line + "\n", to: .standardError)
  }

  /// Writes all of a text, also where the reader made the descriptor a non-blocking one.
  private static func write(
    _ text: String, to descriptor: FileDescriptor
  ) throws(SystemError) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty { rest = rest.dropFirst(try descriptor.tryWrite(rest) ?? 0) }
  }
}

/// Colour for one stream: nothing at all where it is not wanted.
struct Paint {
  let isOn: Bool

  static var standardOutput: Paint { Paint(isOn: isWanted(on: .standardOutput)) }
  static var standardError: Paint { Paint(isOn: isWanted(on: .standardError)) }

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

  private static func isWanted(on descriptor: FileDescriptor) -> Bool {
    Terminal.isTerminal(descriptor) && (Environment.value(of: "NO_COLOR") ?? "").isEmpty
      && Environment.value(of: "TERM") != "dumb"
  }
}
