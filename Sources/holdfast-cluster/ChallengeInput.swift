internal import AgentToken
internal import Issuing
internal import Linux

/// A challenge as it is given on the command line.
enum ChallengeInput {
  /// - Parameter text: the challenge, or `-` for standard input.
  static func read(_ text: String, _ console: Console) throws(Refusal) -> ChallengeText {
    let text = text == "-" ? try standardInput(console) : text
    do throws(ChallengeText.Malformed) {
      return try ChallengeText(reading: text)
    } catch {
      let sentence = error.message.prefix(1).lowercased() + error.message.dropFirst()
      throw Refusal(
        .challengeMalformed, "that is not a challenge: \(sentence.dropLast())",
        hint: "Have it read out once more, or make another on the host: holdfast challenge")
    }
  }

  private static func standardInput(_ console: Console) throws(Refusal) -> String {
    if Terminal.isTerminal(.standardInput) {
      console.note("The challenge, as the host shows it; end it with Ctrl-D on a line of its own:")
    }
    do {
      let bytes = try FileDescriptor.standardInput.readAll(limit: ChallengeText.maxBytes)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      throw Refusal(error, "read the challenge from standard input")
    }
  }
}
