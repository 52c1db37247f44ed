internal import Linux

/// Two places of a fixed size in one file, or in one piece of memory, written in turn: whatever
/// happens while one is written, the other is whole. Written over in place, so that a full disk does
/// not stand in the way.
enum Slots {
  /// Bytes of one slot.
  static let size = 96 << 10
  /// The most that goes into one.
  static let capacity = size - 128

  /// What to write, and where. `counter` says which of the two, and is higher with every writing.
  static func encode(
    _ text: [UInt8], counter: Int64, size: Int = size
  ) -> (bytes: [UInt8], offset: Int) {
    let body = Array("\(counter) ".utf8) + text
    let hash = Array(SHA256Hash.hex(SHA256Hash.of(body)).utf8)
    return (
      hash + [UInt8(ascii: " ")] + body + [UInt8(ascii: "\n")], counter % 2 == 0 ? 0 : size
    )
  }

  /// The text that was written last, of those that are whole.
  static func newest(in bytes: [UInt8]) -> [UInt8]? { latest(in: bytes)?.text }

  /// The same with its counter, of slots of that size.
  static func latest(
    in bytes: [UInt8], size: Int = size
  ) -> (counter: Int64, text: [UInt8])? {
    [0, size].compactMap { decode(Array(bytes.dropFirst($0).prefix(size))) }
      .max { $0.counter < $1.counter }
  }

  private static func decode(_ slot: [UInt8]) -> (counter: Int64, text: [UInt8])? {
    guard let end = Bytes.find([UInt8(ascii: "\n")], in: slot) else { return nil }
    let parts = slot[..<end].split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard parts.count == 2,
      String(decoding: parts[0], as: UTF8.self) == SHA256Hash.hex(SHA256Hash.of(Array(parts[1])))
    else { return nil }
    let body = parts[1].split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard body.count == 2, let counter = Int64(String(decoding: body[0], as: UTF8.self)) else {
      return nil
    }
    return (counter, Array(body[1]))
  }
}
