import Glibc

/// The terminal as a place to ask: termios(3).
enum Terminal {
  /// Whether a person is at standard input.
  static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

  /// Asks on standard error and reads one line from standard input without showing it.
  ///
  /// Ctrl-C and its like give the terminal its echo back before they end the command; Ctrl-Z waits
  /// until the answer is there.
  static func ask(_ prompt: String) throws(Failure) -> String {
    var shown = termios()
    guard tcgetattr(STDIN_FILENO, &shown) == 0 else {
      throw Failure(.usage, "The terminal cannot be asked: \(Text.reason(of: errno))")
    }
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    hidden.c_lflag |= tcflag_t(ICANON | ECHONL)

    let signals = interruptible()
    Console.write(prompt + " ", to: STDERR_FILENO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
    let line = readLine()
    // Flushed again: the rest of a token that was pasted over several lines is not for the shell.
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
    signals.restore()

    guard let line else {
      Console.error("")
      throw Failure(.usage, "No agent token was given")
    }
    return String(decoding: line, as: UTF8.self)
  }

  /// One line, at most what a terminal hands over at once; nil when interrupted or at its end.
  private static func readLine() -> [UInt8]? {
    var line = [UInt8](repeating: 0, count: 4096)
    let count = read(STDIN_FILENO, &line, line.count)
    guard count > 0 else { return nil }
    return Array(line[..<count])
  }

  /// Makes the signals that end a program end only a read, until they are restored.
  private static func interruptible() -> SavedSignals {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    var saved: [(Int32, sigaction)] = []
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      var former = sigaction()
      sigaction(signal, &action, &former)
      saved.append((signal, former))
    }
    var stop = sigset_t()
    var mask = sigset_t()
    sigemptyset(&stop)
    sigaddset(&stop, SIGTSTP)
    sigprocmask(SIG_BLOCK, &stop, &mask)
    return SavedSignals(actions: saved, mask: mask)
  }

  private struct SavedSignals {
    let actions: [(Int32, sigaction)]
    let mask: sigset_t

    func restore() {
      for (signal, action) in actions {
        var action = action
        sigaction(signal, &action, nil)
      }
      var mask = mask
      sigprocmask(SIG_SETMASK, &mask, nil)
    }
  }
}
