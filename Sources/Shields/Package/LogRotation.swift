/// What a logrotate file tells of a service (logrotate(8)): which files are its logs, and what it is
/// sent after a rotation.
///
/// Read strictly and defensively: the file decides what is left out of the baseline, so whatever is
/// not plainly a log, or not plainly a harmless signal, does not count, and a file that cannot be
/// followed says nothing at all.
package struct LogRotation: Sendable, Equatable {
  /// Patterns of absolute paths, in their order.
  package private(set) var logs: [String] = []
  /// Names without `SIG`, in their order.
  package private(set) var signals: [String] = []
  /// The service is reloaded, with whatever its `ExecReload=` does.
  package private(set) var reloads = false

  package init() {}

  /// Signals that ask a service to do something, and do not end, stop or break it by custom.
  package static let harmless = ["HUP", "USR1", "USR2", "WINCH"]

  static let maxLogs = 64
  static let maxBytes = 64 << 10

  /// - Parameter unit: the service; what a script does to another unit is not its business.
  /// - Returns: nil if the text is none that logrotate would take.
  package init?(text: String, unit: String) {
    guard text.utf8.count <= Self.maxBytes else { return nil }
    var header: [String] = []
    var isInBlock = false
    var script: (counts: Bool, lines: [String])?
    for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let line = String(raw).trimmedOfBlanks
      if let open = script {
        if line == "endscript" {
          for command in open.lines where open.counts { read(command: command, unit: unit) }
          script = nil
        } else {
          script?.lines.append(line)
        }
        continue
      }
      if line.isEmpty || line.hasPrefix("#") { continue }
      let word = String(line.prefix { $0 != " " && $0 != "\t" && $0 != "{" })
      if isInBlock {
        if line == "}" {
          isInBlock = false
        } else if Self.scripts.contains(word) {
          script = (["postrotate", "lastaction", "prerotate"].contains(word), [])
        } else if line.contains("{") || line.contains("}") {
          return nil
        }
        continue
      }
      if !header.isEmpty || line.hasPrefix("/") || line.hasPrefix("\"") || line == "{" {
        // The names of logs, on one line or on several, up to the brace.
        let isOpening = line.hasSuffix("{")
        guard let words = Self.words(isOpening ? String(line.dropLast()) : line) else { return nil }
        header += words
        guard isOpening else { continue }
        for path in header where Self.isLog(path) && !logs.contains(path) {
          guard logs.count < Self.maxLogs else { break }
          logs.append(path)
        }
        header = []
        isInBlock = true
      } else if line.contains("{") || line.contains("}") {
        return nil
      }
    }
    guard !isInBlock, script == nil, header.isEmpty else { return nil }
  }

  private static let scripts: Set<String> = [
    "postrotate", "prerotate", "firstaction", "lastaction", "preremove",
  ]

  /// Below these a service may have data; a pattern that could reach its program, its configuration
  /// or another's files is no log.
  package static func isLog(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard let top = parts.first, ["var", "srv", "opt"].contains(top), parts.count >= 3,
      path.utf8.count <= 1024,
      !path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }),
      !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
    else { return false }
    // The first two folders by name: not /var/*/….
    return !parts.prefix(2).contains { $0.contains { "*?[\\".contains($0) } }
      && !path.hasPrefix("/var/lib/dpkg/") && !path.hasPrefix("/var/lib/holdfast/")
  }

  /// Words, in quotes or not; nil where a quote is left open.
  private static func words(_ line: String) -> [String]? {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == " " || character == "\t" {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    return quote == nil ? words : nil
  }

  // MARK: Scripts

  /// One line of a script: not understood, only searched for the few ways to send a signal.
  private mutating func read(command line: String, unit: String) {
    if line.hasPrefix("#") { return }
    let words = line.split { " \t;&|()`{}\"'$".contains($0) }.map(String.init)
    var verbs: Set<Int> = []
    for (index, word) in words.enumerated() where !verbs.contains(index) {
      let rest = words[(index + 1)...]
      switch word.split(separator: "/").last.map(String.init) ?? "" {
      case "kill", "pkill", "killall", "start-stop-daemon": take(signalIn: rest)
      case "systemctl":
        guard let at = rest.firstIndex(where: { !$0.hasPrefix("-") }) else { continue }
        verbs.insert(at)
        guard rest.contains(where: { $0 == unit || "\($0).service" == unit }) else { continue }
        switch words[at] {
        case "kill": take(signalIn: rest)
        case "reload", "reload-or-restart", "try-reload-or-restart", "force-reload": reloads = true
        default: break
        }
      case "invoke-rc.d", "service":
        if rest.contains("reload") || rest.contains("force-reload") { reloads = true }
      default: break
      }
    }
  }

  private mutating func take(signalIn words: ArraySlice<String>) {
    for (index, word) in zip(words.indices, words) {
      var name: String?
      if ["-s", "--signal", "-n"].contains(word) {
        name = words.index(after: index) < words.endIndex ? words[index + 1] : nil
      } else if word.hasPrefix("--signal=") {
        name = String(word.dropFirst("--signal=".count))
      } else if word.hasPrefix("-") {
        name = String(word.dropFirst(word.hasPrefix("-s") ? 2 : 1))
      }
      if let name, let signal = Self.signal(name), !signals.contains(signal) {
        signals.append(signal)
      }
    }
  }

  /// The name of a harmless signal, however it is written.
  package static func signal(_ text: String) -> String? {
    let numbers = ["1": "HUP", "10": "USR1", "12": "USR2", "28": "WINCH"]
    let upper = text.uppercased()
    let name = numbers[text] ?? (upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper)
    return harmless.contains(name) ? name : nil
  }
}

extension LogRotation {
  /// What a service's `ExecReload=` sends it: its command lines, from `argv[0]` on.
  package static func signals(ofReload commands: [[String]]) -> [String] {
    var found = LogRotation()
    for command in commands { found.read(command: command.joined(separator: " "), unit: "") }
    return found.signals
  }
}

extension String {
  fileprivate var trimmedOfBlanks: String {
    let start = utf8.firstIndex { $0 != 32 && $0 != 9 && $0 != 13 } ?? endIndex
    let end = utf8.lastIndex { $0 != 32 && $0 != 9 && $0 != 13 }.map { utf8.index(after: $0) }
    return String(self[start..<(end ?? start)])
  }
}
