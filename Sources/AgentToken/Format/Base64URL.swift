/// Base64 with the URL and file name safe alphabet (RFC 4648, section 5), without padding.
package enum Base64URL {
  package static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encodedBytes(bytes), as: UTF8.self)
  }

  static func encodedBytes(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count * 4 + 2) / 3)
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        output.append(alphabet[Int(bits >> count & 0x3F)])
      }
    }
    if count > 0 { output.append(alphabet[Int(bits << (6 - count) & 0x3F)]) }
    return output
  }

  package static func decode(_ text: String) -> [UInt8]? {
    decode(Array(text.utf8))
  }

  package static func decode(_ text: [UInt8]) -> [UInt8]? {
    decode(text[...])
  }

  /// The bytes that the text stands for; nil unless it is exactly what `encode` makes of them.
  ///
  /// So padding, white space, other alphabets, a length of 4n + 1 and a last character with unused
  /// bits set are all refused: no two texts mean the same.
  package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(text.count * 3 / 4)
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for character in text {
      let value = values[Int(character)]
      guard value < 64 else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    guard bits & (1 << count - 1) == 0 else { return nil }
    return output
  }

  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// What each of the 256 characters stands for; 255 where it stands for nothing.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()
}
