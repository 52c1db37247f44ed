internal import Glibc

/// SIGCHLD and the signals that would end this program, held back from here to its end, and waited
/// for by sigtimedwait(2). One that was ignored when the program started (nohup(1)) stays so.
///
/// For programs with one thread: another one would still be ended by them.
package struct HeldSignals {
  /// The mask to give to a child.
  let former: sigset_t
  private let held: sigset_t

  package init() {
    // A SIGCHLD that is ignored would take the child's exit status with it.
    signal(SIGCHLD, SIG_DFL)
    var held = sigset_t()
    var former = sigset_t()
    sigemptyset(&held)
    sigaddset(&held, SIGCHLD)
    for signal in Signals.ending where !Signals.isIgnored(signal) { sigaddset(&held, signal) }
    pthread_sigmask(SIG_BLOCK, &held, &former)
    self.held = held
    self.former = former
  }

  /// A signal that came meanwhile and would have ended this program; nil where none did.
  package func pending() -> Int32? {
    var waiting = sigset_t()
    guard sigpending(&waiting) == 0 else { return nil }
    return Signals.ending.first { sigismember(&waiting, $0) == 1 && isHeld($0) }
  }

  /// Waits for the next signal, a second at most.
  ///
  /// - Returns: its number, and whether a terminal's key sent it (to the whole process group);
  ///   -1 where none came.
  func next() -> (signal: Int32, isFromTerminal: Bool) {
    var held = held
    var info = siginfo_t()
    var second = timespec(tv_sec: 1, tv_nsec: 0)
    let signal = sigtimedwait(&held, &info, &second)
    return (signal, info.si_code == SI_KERNEL)
  }

  private func isHeld(_ signal: Int32) -> Bool {
    var held = held
    return sigismember(&held, signal) == 1
  }
}
