internal import AgentToken
internal import Issuing
internal import Linux

/// Passwords and client secrets: from a file, or typed unseen.
enum SecretInput {
  private static let limit = 1024

  /// - Parameters:
  ///   - file: its first line counts; `-` for standard input, nil to ask.
  ///   - again: whether to ask twice, for what is being chosen.
  static func read(
    file: String?, prompt: String, again: Bool = false
  ) throws(Refusal) -> String {
    var bytes = if let file { try contents(file) } else { try ask(prompt) }
    if file == nil, again {
      guard try ask("The same again: ") == bytes else {
        throw Refusal(.usage, "The two differ.", hint: "Try again.")
      }
    }
    if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) { bytes = Array(bytes[..<end]) }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal(.usage, "It is empty, or no UTF-8.")
    }
    return text
  }

  private static func contents(_ path: String) throws(Refusal) -> [UInt8] {
    do {
      // Not `Files.read`, which does not wait for what a pipe has yet to deliver.
      return try path == "-"
        ? FileDescriptor.standardInput.readAll(limit: limit + 2)
        : FileDescriptor.open(path, flags: 0).readAll(limit: limit + 2)
    } catch {
      throw Refusal(error, "read \(path == "-" ? "standard input" : path)")
    }
  }

  private static func ask(_ prompt: String) throws(Refusal) -> [UInt8] {
    guard let terminal = try? Terminal.controlling() else {
      throw Refusal(
        .usage, "There is no terminal to ask on.",
        hint: "Give it in a file, or on standard input: -")
    }
    do throws(SystemError) {
      return try PasswordPrompt.ask(prompt, on: terminal, from: terminal)
    } catch {
      throw Refusal(error, "ask on the terminal")
    }
  }
}
