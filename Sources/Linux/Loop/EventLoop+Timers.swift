internal import CSystemd
internal import Glibc

extension EventLoop {
  /// Calls the handler once, so many microseconds of CLOCK_BOOTTIME from now (sleep counts), or up
  /// to `accuracy` microseconds later, which lets wake-ups fall together.
  package func after(
    microseconds: UInt64, accuracy: UInt64 = 1000, _ handler: @escaping () -> Void
  ) throws(SystemError) -> EventSource {
    try timer(microseconds: microseconds, accuracy: accuracy, oneShot: true, handler)
  }

  /// Calls the handler again and again, the first time one period from now. Periods that were
  /// missed, as by a machine asleep, are skipped. A period of 0 is EINVAL.
  package func every(
    microseconds period: UInt64, accuracy: UInt64 = 1000, _ handler: @escaping () -> Void
  ) throws(SystemError) -> EventSource {
    if period == 0 { throw SystemError(errno: EINVAL, operation: "set a timer") }
    let itself = Weakly<EventSource>()
    var due = Clock.boottimeMicroseconds() &+ period
    let source = try timer(microseconds: period, accuracy: accuracy, oneShot: false) {
      let now = Clock.boottimeMicroseconds()
      due += period
      if due <= now { due += (now - due) / period * period + period }
      itself.object?.setTime(due)
      handler()
    }
    itself.object = source
    return source
  }

  /// Calls the handler in the loop's next round. The loop keeps it until then, whether the source
  /// is kept or not; `cancel` takes it back.
  @discardableResult
  package func soon(_ handler: @escaping () -> Void) throws(SystemError) -> EventSource {
    let itself = Weakly<EventSource>()
    let source = try EventSource("defer", oneShot: true) { _ in
      handler()
      itself.object?.cancel()
    } add: { source, userdata in
      sd_event_add_defer(
        event, source, { _, userdata in EventSource.fire(userdata, .deferred) }, userdata)
    }
    itself.object = source
    keep(source)
    return source
  }

  private func timer(
    microseconds: UInt64, accuracy: UInt64, oneShot: Bool, _ handler: @escaping () -> Void
  ) throws(SystemError) -> EventSource {
    let source = try EventSource("set a timer", oneShot: oneShot) { _ in
      handler()
    } add: { source, userdata in
      sd_event_add_time(
        event, source, CLOCK_BOOTTIME, Clock.boottime(in: microseconds), max(accuracy, 1),
        { _, _, userdata in EventSource.fire(userdata, .timer) }, userdata)
    }
    // A time source starts as one-shot.
    if !oneShot { source.isEnabled = true }
    return source
  }
}

/// A weak reference that a handler can capture before the object is there.
final class Weakly<Object: AnyObject> {
  weak var object: Object?
}
