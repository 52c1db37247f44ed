import Glibc
import Linux
import Testing

@Suite struct TerminalTests {
  /// A pseudo-terminal: pty(7).
  private struct Pair {
    let keyboard: FileDescriptor
    let terminal: FileDescriptor

    init() throws {
      keyboard = try FileDescriptor.open("/dev/ptmx", flags: O_RDWR)
      _ = unlockpt(keyboard.raw)
      var name = [CChar](repeating: 0, count: 64)
      _ = ptsname_r(keyboard.raw, &name, name.count)
      let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      terminal = try FileDescriptor.open(path, flags: O_RDWR)
    }

    var flags: tcflag_t {
      var state = termios()
      _ = tcgetattr(terminal.raw, &state)
      return state.c_lflag
    }
  }

  /// Types once the question has been asked, from a thread of its own.
  private func answer(_ typed: [UInt8], to pair: Pair) throws -> [UInt8] {
    let typist = Thread { [keyboard = pair.keyboard] in
      _ = try? keyboard.read(upTo: 64)  // the question
      try? keyboard.writeAll(typed)
    }
    defer { typist.join() }
    return try PasswordPrompt.ask("Secret: ", on: pair.terminal, from: pair.terminal)
  }

  @Test(arguments: [
    ("secret\n", "secret"), ("secret\r", "secret"), ("\n", ""), ("\u{4}", ""),
    ("secrex\u{7F}t\n", "secret"), ("wrong\u{15}secret\n", "secret"), ("a\u{FC}\u{8}b\n", "ab"),
    ("secret\nmore\n", "secret"), ("\u{1A}secret\n", "\u{1A}secret"),
  ])
  func readsALine(typed: String, line: String) throws {
    let pair = try Pair()
    let before = pair.flags
    #expect(try answer(Array(typed.utf8), to: pair) == Array(line.utf8))
    #expect(pair.flags == before)
  }

  @Test func linesMayBeLongerThanTheTerminalsBuffer() throws {
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 6000)
    let pair = try Pair()
    #expect(try answer(line + [10], to: pair) == line)
  }

  @Test(arguments: [0x03, 0x1C] as [UInt8])
  func isInterrupted(key: UInt8) throws {
    let pair = try Pair()
    let before = pair.flags
    let error = #expect(throws: SystemError.self) { try answer([0x61, key], to: pair) }
    #expect(error?.errno == ErrorNumber.canceled)
    #expect(pair.flags == before)
  }

  @Test func asksOnlyOnATerminal() throws {
    let (socket, _) = try UnixSocket.pair()
    #expect(!Terminal.isTerminal(socket))
    let pair = try Pair()
    #expect(Terminal.isTerminal(pair.terminal))
    withExtendedLifetime(pair) {}
    let error = #expect(throws: SystemError.self) {
      try PasswordPrompt.ask("?", on: socket, from: socket)
    }
    #expect(error?.errno == ENOTTY)
  }
}

/// A thread that runs one closure: pthreads(7).
private struct Thread {
  private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private var id = pthread_t()

  init(_ run: @escaping () -> Void) {
    let work = Unmanaged.passRetained(Work(run))
    pthread_create(
      &id, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
        return nil
      }, work.toOpaque())
  }

  func join() { pthread_join(id, nil) }
}
