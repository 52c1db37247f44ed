internal import AgentToken
internal import Issuing
internal import Linux

/// Asks for passphrases on the terminal that this program was started from, be standard input and
/// output what they may.
enum PassphrasePrompt {
  /// Asks once.
  ///
  /// - Throws: `passphrase_required` where there is no terminal.
  static func ask(_ prompt: String) throws(Refusal) -> Passphrase {
    guard let terminal = try? Terminal.controlling() else {
      throw Refusal(
        .passphraseRequired, "a passphrase is needed, and there is no terminal to ask on",
        hint: "Give it with --passphrase-file FILE.")
    }
    let answer: [UInt8]
    do throws(SystemError) {
      answer = try PasswordPrompt.ask(prompt, on: terminal, from: terminal)
    } catch {
      throw Refusal(error, "ask for the passphrase")
    }
    return try Passphrase(answer)
  }

  /// Asks twice, for a passphrase that is being chosen.
  static func choose(_ prompt: String) throws(Refusal) -> Passphrase {
    let first = try ask(prompt)
    guard try ask("The same again: ") == first else {
      throw Refusal(.passphraseWrong, "the two passphrases differ", hint: "Try again.")
    }
    return first
  }
}
