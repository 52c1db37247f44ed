/// A Debian package's version, ordered as dpkg orders them (deb-version(7)).
package struct DebianVersion: Sendable, Comparable {
  package let text: String
  private let epoch: [UInt8]
  private let upstream: [UInt8]
  private let revision: [UInt8]

  package init(_ text: String) {
    self.text = text
    var rest = Array(text.utf8)[...]
    if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      epoch = Array(rest[..<colon])
      rest = rest[(colon + 1)...]
    } else {
      epoch = []
    }
    if let dash = rest.lastIndex(of: UInt8(ascii: "-")) {
      revision = Array(rest[(dash + 1)...])
      rest = rest[..<dash]
    } else {
      revision = []
    }
    upstream = Array(rest)
  }

  package static func < (left: Self, right: Self) -> Bool { left.order(to: right) < 0 }

  /// Versions of another spelling may be the same: `1.0` and `1.00-0`.
  package static func == (left: Self, right: Self) -> Bool { left.order(to: right) == 0 }

  private func order(to other: Self) -> Int {
    for (mine, theirs) in [
      (epoch, other.epoch), (upstream, other.upstream), (revision, other.revision),
    ] {
      let order = Self.order(mine, theirs)
      if order != 0 { return order }
    }
    return 0
  }

  /// By turns a run of what is no digit, then a number. A number too long for any integer is one too.
  private static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      while (i < left.count && !isDigit(left[i])) || (j < right.count && !isDigit(right[j])) {
        let (mine, theirs) = (weight(left, i), weight(right, j))
        if mine != theirs { return mine - theirs }
        i += 1
        j += 1
      }
      let (mine, theirs) = (number(left, &i), number(right, &j))
      if mine.count != theirs.count { return mine.count - theirs.count }
      if let (one, other) = zip(mine, theirs).first(where: { $0 != $1 }) {
        return Int(one) - Int(other)
      }
    }
    return 0
  }

  /// A tilde comes before the end, that before letters, those before everything else.
  private static func weight(_ text: [UInt8], _ index: Int) -> Int {
    guard index < text.count, !isDigit(text[index]) else { return 0 }
    let byte = text[index]
    if byte == UInt8(ascii: "~") { return -1 }
    let isLetter =
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    return isLetter ? Int(byte) : Int(byte) + 256
  }

  private static func number(_ text: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
    let start = index
    while index < text.count, isDigit(text[index]) { index += 1 }
    return text[start..<index].drop { $0 == UInt8(ascii: "0") }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
