internal import AgentToken
internal import JSON
internal import Linux

/// Where the state of the trusted clock lies: a file in each of the two places of the vault, with
/// two slots each that are written by turns and carry a hash. Whatever happens while one is written,
/// another is whole; written over in place, so that a full disk does not stand in the way.
final class ClockStore {
  private let places: [VitalPlace]
  private var counter: Int64 = 0
  /// Whether every place has what was stored last.
  private(set) var isWhole = false
  static let name = "clock"
  /// Bytes of a slot: one block.
  static let slotSize = 4096

  init(places: [VitalPlace]) { self.places = places }

  /// What was stored last; nil where no slot is whole.
  func read() -> ClockState? {
    let slots = places.compactMap { place in
      place.read(Self.name).flatMap { Slots.latest(in: $0, size: Self.slotSize) }
    }
    guard let latest = slots.max(by: { $0.counter < $1.counter }) else { return nil }
    counter = latest.counter
    isWhole = slots.count { $0.counter == counter } == places.count
    guard let json = try? JSON.parse(latest.text) else { return nil }
    return ClockState(json: json)
  }

  /// On the disk when it returns; throws where neither place takes it.
  func write(_ state: ClockState) throws(SystemError) {
    counter += 1
    let slot = Slots.encode(state.json.encodedBytes(), counter: counter, size: Self.slotSize)
    var failure: SystemError?
    var isWritten = false
    for place in places {
      do throws(SystemError) {
        try place.overwrite(Self.name, slot, size: 2 * Self.slotSize)
        isWritten = true
      } catch {
        failure = error
      }
    }
    if let failure, !isWritten { throw failure }
  }
}
