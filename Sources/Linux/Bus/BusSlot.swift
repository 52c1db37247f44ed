internal import CSystemd

/// A callback registered with sd-bus, called for each message until it is cancelled or dropped,
/// both of which may happen inside the callback: sd_bus_slot_unref(3).
final class BusSlot {
  private var slot: OpaquePointer?
  private var handler: ((BusMessage) -> Void)?

  /// - Parameter add: calls an sd-bus function that makes a slot, with `receive` and the userdata
  ///   that it expects, and returns its result.
  init(
    _ operation: String, handler: @escaping (BusMessage) -> Void,
    add: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutableRawPointer) -> Int32
  ) throws(BusError) {
    self.handler = handler
    // Unretained: deinit takes the slot off the bus before this object is gone.
    try checkBus(operation, add(&slot, Unmanaged.passUnretained(self).toOpaque()))
  }

  deinit {
    _ = sd_bus_slot_unref(slot)
  }

  var isCancelled: Bool {
    slot == nil
  }

  func cancel() {
    guard let ended = slot else { return }
    slot = nil
    _ = sd_bus_slot_unref(ended)
    // Dropped only after this object's fields are settled: what it captures may call back.
    let dropped = handler
    handler = nil
    withExtendedLifetime(dropped) {}
  }

  /// The callback for sd-bus. Keeps this object and its handler through the call; sd-bus keeps the
  /// slot.
  static let receive: sd_bus_message_handler_t = { message, userdata, _ in
    guard let message, let userdata else { return 0 }
    let slot = Unmanaged<BusSlot>.fromOpaque(userdata).takeUnretainedValue()
    withExtendedLifetime((slot, slot.handler)) { _, handler in
      handler?(BusMessage(received: message))
    }
    // More than 0 would keep the message from other matches.
    return 0
  }
}
