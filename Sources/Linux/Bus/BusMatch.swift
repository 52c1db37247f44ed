/// A wish to be told of signals. It ends with `cancel` or with its last reference.
package final class BusMatch {
  private let slot: BusSlot

  init(_ slot: BusSlot) {
    self.slot = slot
  }

  package func cancel() {
    slot.cancel()
  }
}
