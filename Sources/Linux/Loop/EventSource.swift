internal import CSystemd
internal import Glibc

/// Something an event loop waits for, with what to do when it happens.
///
/// The loop holds it weakly: it ends with `cancel` or with its last reference, and both may happen
/// inside its own handler. It keeps its handler alive, and what the handler captures, until then.
package final class EventSource {
  /// What libsystemd told one of the callbacks.
  enum Occurrence {
    case io(IOEvents)
    case timer
    case signal(SignalInfo)
    case deferred
  }

  private let isOneShot: Bool
  private var source: OpaquePointer?
  private var handler: ((Occurrence) -> Void)?
  /// Stays open for as long as the loop polls it.
  private let descriptor: FileDescriptor?
  /// Called once it is over, so that a loop that kept it alive can let go.
  var onEnd: (() -> Void)?

  /// - Parameter add: calls one of the `sd_event_add_…` functions, with the userdata that `fire`
  ///   expects, and returns its result.
  init(
    _ operation: String, oneShot: Bool = false, keeping descriptor: FileDescriptor? = nil,
    handler: @escaping (Occurrence) -> Void,
    add: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutableRawPointer) -> Int32
  ) throws(SystemError) {
    isOneShot = oneShot
    self.descriptor = descriptor
    self.handler = handler
    // Unretained: deinit takes the source off the loop before this object is gone.
    try check(operation, add(&source, Unmanaged.passUnretained(self).toOpaque()))
  }

  deinit {
    _ = sd_event_source_disable_unref(source)
  }

  /// Called by every C callback. Keeps this object and its handler through the call, so that the
  /// handler may cancel or drop it; libsystemd likewise keeps a source that is being dispatched.
  static func fire(_ userdata: UnsafeMutableRawPointer?, _ occurrence: Occurrence) -> Int32 {
    guard let userdata else { return 0 }
    let source = Unmanaged<EventSource>.fromOpaque(userdata).takeUnretainedValue()
    withExtendedLifetime((source, source.handler)) { _, handler in
      handler?(occurrence)
    }
    // A negative result would switch the source off.
    return 0
  }

  /// Stops it for good and lets go of the handler. A second time does nothing.
  package func cancel() {
    guard let ended = source else { return }
    source = nil
    _ = sd_event_source_disable_unref(ended)
    // Both are dropped only after this object's fields are settled: what they capture may call back.
    let dropped = (handler, onEnd)
    handler = nil
    onEnd = nil
    dropped.1?()
    withExtendedLifetime(dropped) {}
  }

  /// Whether it has been cancelled.
  package var isCancelled: Bool {
    source == nil
  }

  /// Whether the loop waits for it. A timer that went off, and what else happens once, is disabled;
  /// enabling it arms it once more.
  package var isEnabled: Bool {
    get {
      guard let source else { return false }
      var enabled: Int32 = 0
      _ = sd_event_source_get_enabled(source, &enabled)
      return enabled != Int32(SD_EVENT_OFF)
    }
    set {
      guard let source else { return }
      let on = isOneShot ? Int32(SD_EVENT_ONESHOT) : Int32(SD_EVENT_ON)
      _ = sd_event_source_set_enabled(source, newValue ? on : Int32(SD_EVENT_OFF))
    }
  }

  /// Lower goes first where several things happened: 0 normally, -100 important, 100 idle.
  package var priority: Int64 {
    get {
      guard let source else { return 0 }
      var priority: Int64 = 0
      _ = sd_event_source_get_priority(source, &priority)
      return priority
    }
    set {
      guard let source else { return }
      _ = sd_event_source_set_priority(source, newValue)
    }
  }

  /// What a watched descriptor is watched for. Empty leaves hang-up and error.
  package var interest: IOEvents {
    get {
      guard let source else { return [] }
      var events: UInt32 = 0
      _ = sd_event_source_get_io_events(source, &events)
      return IOEvents(rawValue: events)
    }
    set {
      guard let source else { return }
      _ = sd_event_source_set_io_events(source, newValue.rawValue)
    }
  }

  /// Sets a timer to go off so many microseconds from now, and arms it.
  package func restart(microseconds: UInt64) {
    setTime(Clock.boottime(in: microseconds))
    isEnabled = true
  }

  /// Sets when a timer goes off, in microseconds of CLOCK_BOOTTIME.
  func setTime(_ time: UInt64) {
    guard let source else { return }
    _ = sd_event_source_set_time(source, time)
  }
}
