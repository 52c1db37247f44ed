internal import CSystemd
internal import Glibc

extension EventLoop {
  /// Calls the handler whenever the descriptor is ready. Cancel the source before closing it.
  package func watch(
    _ descriptor: Int32, for events: IOEvents, _ handler: @escaping (IOEvents) -> Void
  ) throws(SystemError) -> EventSource {
    try watch(descriptor, keeping: nil, for: events, handler)
  }

  /// As for a number; the descriptor stays open for as long as the source lives.
  package func watch(
    _ descriptor: FileDescriptor, for events: IOEvents, _ handler: @escaping (IOEvents) -> Void
  ) throws(SystemError) -> EventSource {
    try watch(descriptor.raw, keeping: descriptor, for: events, handler)
  }

  private func watch(
    _ raw: Int32, keeping descriptor: FileDescriptor?, for events: IOEvents,
    _ handler: @escaping (IOEvents) -> Void
  ) throws(SystemError) -> EventSource {
    try EventSource("watch descriptor \(raw)", keeping: descriptor) { occurrence in
      if case .io(let events) = occurrence { handler(events) }
    } add: { source, userdata in
      sd_event_add_io(
        event, source, raw, events.rawValue,
        { _, _, events, userdata in
          EventSource.fire(userdata, .io(IOEvents(rawValue: events)))
        }, userdata)
    }
  }

  /// Calls the handler once the process of this pidfd has ended: pidfd_open(2).
  package func onExit(
    of process: FileDescriptor, _ handler: @escaping () -> Void
  ) throws(SystemError) -> EventSource {
    let itself = Weakly<EventSource>()
    let source = try watch(process, for: .in) { _ in
      // It stays readable, so once is enough.
      itself.object?.isEnabled = false
      handler()
    }
    itself.object = source
    return source
  }

  /// Calls the handler when the signal comes, which is blocked from here on, so that it does
  /// nothing else. Other threads must have it blocked too.
  package func onSignal(
    _ signal: Int32, _ handler: @escaping (SignalInfo) -> Void
  ) throws(SystemError) -> EventSource {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    try check("block signal \(signal)", -pthread_sigmask(SIG_BLOCK, &set, nil))
    return try EventSource("watch for signal \(signal)") { occurrence in
      if case .signal(let info) = occurrence { handler(info) }
    } add: { source, userdata in
      sd_event_add_signal(
        event, source, signal,
        { _, info, userdata in
          guard let info else { return 0 }
          return EventSource.fire(
            userdata,
            .signal(
              SignalInfo(
                signal: Int32(info.pointee.ssi_signo), pid: Int32(info.pointee.ssi_pid),
                uid: info.pointee.ssi_uid)))
        }, userdata)
    }
  }

  /// As above, for those who do not ask who sent it.
  package func onSignal(
    _ signal: Int32, _ handler: @escaping () -> Void
  ) throws(SystemError) -> EventSource {
    try onSignal(signal) { (_: SignalInfo) in handler() }
  }
}

/// A signal that came, and who sent it.
package struct SignalInfo: Sendable, Equatable {
  package let signal: Int32
  /// The sender; 0 where it was the kernel, or somebody outside this pid namespace.
  package let pid: Int32
  package let uid: UInt32
}
