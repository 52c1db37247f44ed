extension Machine {
  /// The words of the kernel's command line, as systemd takes them: in a container the arguments of
  /// PID 1, because the kernel's are the host's; else /proc/cmdline. Empty where neither can be
  /// read.
  package static func kernelCommandLine() -> [String] {
    if isContainer() {
      let bytes = (try? Files.read("/proc/1/cmdline")) ?? []
      return arguments(bytes).dropFirst().map { $0 }
    }
    return words((try? Files.read("/proc/cmdline")) ?? [])
  }

  /// Whether the words of a kernel command line ask for `rescue.target`: systemd(1).
  package static func asksForRescue(_ words: [String]) -> Bool {
    ["rescue", "single", "s", "S", "1", "systemd.unit=rescue.target"].contains {
      words.contains($0)
    }
  }

  /// Whether this is a container, as its manager says: in /run/systemd/container or PID 1's
  /// environment.
  package static func isContainer() -> Bool {
    if Files.exists("/run/systemd/container") { return true }
    let environment = (try? Files.read("/proc/1/environ")) ?? []
    return arguments(environment).contains { $0.hasPrefix("container=") && $0 != "container=" }
  }

  /// What /proc/PID/cmdline and environ hold: strings that each end with a NUL byte.
  static func arguments(_ bytes: [UInt8]) -> [String] {
    var parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Splits at white space outside quotes, double or single, which are taken off. A backslash
  /// stands for itself: the kernel knows no escapes.
  static func words(_ line: [UInt8]) -> [String] {
    var words: [String] = []
    var word: [UInt8]?
    var quote: UInt8?
    for byte in line {
      if let open = quote {
        if byte == open { quote = nil } else { word?.append(byte) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
        word = word ?? []
      } else if byte == 32 || (9...13).contains(byte) {
        if let ended = word { words.append(String(decoding: ended, as: UTF8.self)) }
        word = nil
      } else {
        word = (word ?? []) + [byte]
      }
    }
    if let word { words.append(String(decoding: word, as: UTF8.self)) }
    return words
  }
}
