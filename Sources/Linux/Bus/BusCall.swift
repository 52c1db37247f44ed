/// A call on its way. Cancelled or dropped before the reply came, it gets none; the other side may
/// have done what it was asked all the same.
package final class BusCall {
  private var slot: BusSlot?
  /// The deadline while the connection is still being set up, which sd-bus does not count.
  private var timer: EventSource?
  /// Keeps the call, after `keepUntilReply`.
  private var itself: BusCall?

  init() {}

  /// Whether neither a reply nor `cancel` has come yet.
  package var isPending: Bool {
    slot != nil
  }

  /// Gives up on the reply. A second time, or after the reply, does nothing.
  package func cancel() {
    end()
  }

  /// Lets the call live without anyone holding it, until its reply, its deadline, `cancel` or the
  /// end of the connection.
  package func keepUntilReply() {
    if isPending { itself = self }
  }

  func start(_ slot: BusSlot, timer: EventSource?) {
    self.slot = slot
    self.timer = timer
  }

  /// Lets go of everything; true for the first time.
  @discardableResult
  func end() -> Bool {
    guard let ended = slot else { return false }
    slot = nil
    timer?.cancel()
    timer = nil
    ended.cancel()
    // Last: this may be the last reference.
    itself = nil
    return true
  }
}
