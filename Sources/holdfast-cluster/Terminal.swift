internal import AgentToken
internal import Cluster
internal import Glibc
internal import Linux

/// The terminal that this program was started from, be standard input and output what they may.
enum Terminal {
  /// Asks for a passphrase, showing nothing of it.
  ///
  /// - Throws: `passphrase_required` where there is no terminal.
  static func ask(_ prompt: String) throws(Refusal) -> Passphrase {
    guard let terminal = try? FileDescriptor.open("/dev/tty", flags: O_RDWR) else {
      throw Refusal(
        .passphraseRequired, "a passphrase is needed, and there is no terminal to ask on",
        hint: "Give it with --passphrase-file FILE.")
    }
    return try Passphrase(readHidden(prompt, from: terminal))
  }

  /// Asks twice, for a passphrase that is being chosen.
  static func choose(_ prompt: String) throws(Refusal) -> Passphrase {
    let first = try ask(prompt)
    guard try ask("The same again: ") == first else {
      throw Refusal(.passphraseWrong, "the two passphrases differ", hint: "Try again.")
    }
    return first
  }

  /// Reads characters as they are typed, so that an interrupt can put the terminal right first.
  private static func readHidden(
    _ prompt: String, from terminal: FileDescriptor
  ) throws(Refusal) -> [UInt8] {
    var before = termios()
    guard tcgetattr(terminal.raw, &before) == 0 else {
      throw Refusal(
        SystemError(errno: errno, operation: "tcgetattr"), "ask for the passphrase")
    }
    var hidden = before
    hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
    tcsetattr(terminal.raw, TCSAFLUSH, &hidden)
    defer {
      tcsetattr(terminal.raw, TCSAFLUSH, &before)
      try? terminal.writeAll(Array("\n".utf8))
    }
    do throws(SystemError) {
      try terminal.writeAll(Array(prompt.utf8))
      var line: [UInt8] = []
      while true {
        guard let byte = try terminal.read(upTo: 1).first else { return line }
        switch byte {
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"): return line
        case 0x7F, 0x08:  // Backspace takes a whole character.
          while let last = line.popLast(), last & 0xC0 == 0x80 {}
        case 0x15: line = []  // ^U
        case 0x04 where line.isEmpty: return line  // ^D
        case 0x03, 0x1C:  // ^C, ^\
          throw SystemError(errno: ECANCELED, operation: "read the passphrase")
        default: line.append(byte)
        }
      }
    } catch {
      throw Refusal(error, "ask for the passphrase")
    }
  }
}
