internal import CSystemd
internal import Glibc

/// An sd-event(3) loop: everything the daemon does is a handler that this calls, on one thread.
package final class EventLoop {
  /// `sd_event *`. Sources and buses that still live hold references of their own.
  let event: OpaquePointer
  /// What `soon` was asked for and has not done yet.
  private var floating: [ObjectIdentifier: EventSource] = [:]

  package init() throws(SystemError) {
    var event: OpaquePointer?
    try check("make an event loop", sd_event_new(&event))
    guard let event else { throw SystemError(errno: ENOMEM, operation: "make an event loop") }
    self.event = event
  }

  deinit {
    floating.removeAll()
    _ = sd_event_unref(event)
  }

  /// Runs until `exit`, and returns its code.
  package func run() throws(SystemError) -> Int32 {
    try check("run the event loop", sd_event_loop(event))
  }

  /// Waits for the next thing to happen and handles it. False when nothing did within the time, or
  /// the loop has ended. For tests.
  package func runOnce(timeout microseconds: UInt64) throws(SystemError) -> Bool {
    if sd_event_get_state(event) == Int32(SD_EVENT_FINISHED) { return false }
    return try check("run the event loop", sd_event_run(event, microseconds)) > 0
  }

  /// Makes `run` return once the handler that calls this is done. The code is 0 to 255.
  package func exit(code: Int32) {
    _ = sd_event_exit(event, code)
  }

  /// Lets the loop tell systemd that it is alive, where the unit has `WatchdogSec=`:
  /// sd_event_set_watchdog(3). False where it has not.
  package func enableWatchdog() throws(SystemError) -> Bool {
    try check("enable the watchdog", sd_event_set_watchdog(event, 1)) > 0
  }

  /// Keeps a source that nobody else holds, until it is cancelled.
  func keep(_ source: EventSource) {
    let id = ObjectIdentifier(source)
    floating[id] = source
    source.onEnd = { [weak self] in self?.floating[id] = nil }
  }
}
