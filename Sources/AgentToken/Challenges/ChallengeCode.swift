// What the code of a challenge's text is made of: digits, the bits in them, check characters.

/// Crockford's base 32 (crockford.com/base32.html): digits of five bits.
enum Crockford {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  static func text(_ digits: ArraySlice<UInt8>) -> String {
    String(decoding: digits.map { alphabet[Int($0)] }, as: UTF8.self)
  }

  static func digit(_ character: Character) -> UInt8? {
    guard var byte = character.asciiValue else { return nil }
    if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) { byte -= 32 }
    switch byte {
    case UInt8(ascii: "O"): return 0
    case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
    default: return alphabet.firstIndex(of: byte).map { UInt8($0) }
    }
  }
}

/// Bits, written from the highest, five to a digit.
struct Bits {
  private(set) var digits: [UInt8] = []
  private var rest: UInt64 = 0
  private var count = 0

  mutating func append(_ value: UInt64, count bits: Int) {
    for bit in (0..<bits).reversed() {
      rest = rest << 1 | value >> UInt64(bit) & 1
      count += 1
      guard count == 5 else { continue }
      digits.append(UInt8(rest))
      (rest, count) = (0, 0)
    }
  }
}

/// Bits, read from the highest; zeros after the end.
struct BitReader {
  let digits: ArraySlice<UInt8>
  private var position = 0

  init(digits: ArraySlice<UInt8>) {
    self.digits = digits
  }

  mutating func take(_ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<count {
      let index = digits.startIndex + position / 5
      let digit = index < digits.endIndex ? digits[index] : 0
      value = value << 1 | UInt64(digit >> UInt8(4 - position % 5) & 1)
      position += 1
    }
    return value
  }
}

/// The check characters of bech32m (BIP 173 and 350), with the ids for its readable part.
enum Checksum {
  static let length = 6
  private static let constant: UInt32 = 0x2bc8_30a3
  private static let generator: [UInt32] = [
    0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3,
  ]

  static func of(_ digits: [UInt8], names: String) -> [UInt8] {
    let remainder =
      polymod(expand(names) + digits + Array(repeating: 0, count: length)) ^ constant
    return (0..<length).map { UInt8(remainder >> (5 * UInt32(length - 1 - $0)) & 31) }
  }

  /// - Parameter digits: with the check characters at their end.
  static func holds(_ digits: [UInt8], names: String) -> Bool {
    polymod(expand(names) + digits) == constant
  }

  private static func expand(_ names: String) -> [UInt8] {
    names.utf8.map { $0 >> 5 } + [0] + names.utf8.map { $0 & 31 }
  }

  private static func polymod(_ values: [UInt8]) -> UInt32 {
    var sum: UInt32 = 1
    for value in values {
      let top = sum >> 25
      sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
      for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { sum ^= generator[bit] }
    }
    return sum
  }
}
