internal import Glibc

/// Notes that this program ended by a fault of its own, such as a trap, where a later run can read
/// it: unlike one that somebody else sent it a signal for, which is nothing to learn from.
package enum OwnFaults {
  // A signal handler can be given nothing, so what it writes to is global: set once, by `note(in:)`.
  nonisolated(unsafe) private static var mark: UnsafeMutablePointer<UInt64>?

  /// From now on a fault leaves its time, CLOCK_BOOTTIME in seconds, in these 8 bytes.
  package static func note(in memory: SharedMemory, at offset: Int) {
    mark = memory.integer(at: offset)
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT] {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { _, info, _ in
        // The kernel's own codes are positive; abort(3) is a signal from this very process. Only
        // what signal-safety(7) allows from here on. Once it returns, the default comes.
        guard let code = info?.pointee.si_code, code > 0 || code == -6 else { return }
        if code == -6, info?.pointee._sifields._kill.si_pid != getpid() { return }
        var now = timespec()
        _ = clock_gettime(CLOCK_BOOTTIME, &now)
        OwnFaults.mark?.pointee = UInt64(now.tv_sec)
      }
      action.sa_flags = SA_SIGINFO | Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
      sigaction(signal, &action, nil)
    }
  }
}
