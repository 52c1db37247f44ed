internal import Glibc

/// Asks a person for a secret on a terminal, showing nothing of it: termios(3).
package enum PasswordPrompt {
  /// Asks on `output`, and reads one line from `terminal`.
  ///
  /// Backspace and Ctrl-U work, Ctrl-Z does not. The terminal is put right before this returns or
  /// throws, also when a signal ends the question. What was pasted behind the line is dropped: it
  /// is not for the shell.
  ///
  /// - Returns: the line without its end, up to the end of the input where it has none.
  /// - Throws: ENOTTY where `terminal` is none, ECANCELED for Ctrl-C and signals that would have
  ///   ended the program.
  package static func ask(
    _ prompt: String, on output: FileDescriptor, from terminal: FileDescriptor
  ) throws(SystemError) -> [UInt8] {
    var shown = termios()
    try syscall("ask the terminal") { tcgetattr(terminal.raw, &shown) }
    var hidden = shown
    // Characters come as they are typed, so that no line is too long for the terminal's buffer.
    hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)

    let signals = DeferredSignals()
    defer { signals.restore() }
    try syscall("hide the terminal's input") { tcsetattr(terminal.raw, TCSAFLUSH, &hidden) }
    defer {
      tcsetattr(terminal.raw, TCSAFLUSH, &shown)
      try? output.writeAll([UInt8(ascii: "\n")])
    }
    try output.writeAll(Array(prompt.utf8))
    return try readLine(terminal, signals)
  }

  private static func readLine(
    _ terminal: FileDescriptor, _ signals: DeferredSignals
  ) throws(SystemError) -> [UInt8] {
    var line: [UInt8] = []
    while true {
      try signals.waitToRead(terminal)
      guard let byte = try terminal.read(upTo: 1).first else { return line }
      switch byte {
      case UInt8(ascii: "\r"), UInt8(ascii: "\n"): return line
      case 0x7F, 0x08:  // Backspace takes a whole character.
        while let last = line.popLast(), last & 0xC0 == 0x80 {}
      case 0x15: line = []  // Ctrl-U
      case 0x04 where line.isEmpty: return line  // Ctrl-D
      case 0x03, 0x1C:  // Ctrl-C, Ctrl-\
        throw SystemError(errno: ECANCELED, operation: "read what is typed")
      default: line.append(byte)
      }
    }
  }
}

/// The signals that would end this program, or stop it with the terminal hidden: they get through
/// only while it waits, and then end no more than the wait.
private struct DeferredSignals {
  private let formerMask: sigset_t
  private let waitingMask: sigset_t
  private var formerActions: [(signal: Int32, action: sigaction)] = []

  init() {
    var blocked = sigset_t()
    var former = sigset_t()
    sigemptyset(&blocked)
    for signal in Signals.ending + [SIGTSTP] { sigaddset(&blocked, signal) }
    // The thread's mask, which is the program's as long as it has one thread.
    pthread_sigmask(SIG_BLOCK, &blocked, &former)
    formerMask = former
    sigaddset(&former, SIGTSTP)
    waitingMask = former

    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    for signal in Signals.ending where !Signals.isIgnored(signal) {
      var before = sigaction()
      sigaction(signal, &action, &before)
      formerActions.append((signal, before))
    }
  }

  /// Waits until there is something to read; ECANCELED where a signal came first.
  func waitToRead(_ terminal: FileDescriptor) throws(SystemError) {
    var poll = pollfd(fd: terminal.raw, events: Int16(POLLIN), revents: 0)
    var mask = waitingMask
    guard ppoll(&poll, 1, nil, &mask) < 0 else { return }
    throw SystemError(errno: errno == EINTR ? ECANCELED : errno, operation: "wait for the terminal")
  }

  /// A signal that waits still is delivered now, with its usual effect.
  func restore() {
    for (signal, action) in formerActions {
      var action = action
      sigaction(signal, &action, nil)
    }
    var mask = formerMask
    pthread_sigmask(SIG_SETMASK, &mask, nil)
  }
}
