/// How long a name is and which ASCII characters it is made of.
struct TextShape: Sendable {
  let lengths: ClosedRange<Int>
  /// What it is to be, for a message.
  let description: String
  /// Which bytes may stand in it, one bit for each of the 128.
  private let allowed: (low: UInt64, high: UInt64)

  private init(_ lengths: ClosedRange<Int>, punctuation: String) {
    self.lengths = lengths
    let listed = punctuation.map { " \($0)" }.joined()
    description = "\(lengths.lowerBound) to \(lengths.upperBound) of A-Z a-z 0-9\(listed)"
    var allowed: (low: UInt64, high: UInt64) = (0, 0)
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    for byte in (letters + punctuation).utf8 {
      if byte < 64 { allowed.low |= 1 << byte } else { allowed.high |= 1 << (byte - 64) }
    }
    self.allowed = allowed
  }

  func matches(_ text: String) -> Bool {
    let bytes = text.utf8
    return lengths.contains(bytes.count) && bytes.allSatisfy(allows)
  }

  private func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case 0..<64: allowed.low >> byte & 1 == 1
    case 64..<128: allowed.high >> (byte - 64) & 1 == 1
    default: false
    }
  }
}

extension TextShape {
  /// Of clusters, tenants and agents.
  static let id = TextShape(1...128, punctuation: "._:/-")
  /// Of keys.
  static let kid = TextShape(1...64, punctuation: "._-")
  /// Of tokens.
  static let jti = TextShape(16...64, punctuation: "_-")
  /// Of units, but for the suffix.
  static let unit = TextShape(1...255, punctuation: ":_.\\@-")
  /// Of Debian packages and architectures.
  static let packageName = TextShape(1...128, punctuation: "+.-")
  /// Of Debian packages' versions.
  static let packageVersion = TextShape(1...128, punctuation: ".+:~-")
}
