/// Key ids as this issuer gives them: those of the token contract (1–64 of `A–Z a–z 0–9 . _ -`)
/// that also make a good file name, so they begin with a letter or a digit.
enum KeyID {
  static func isValid(_ kid: String) -> Bool {
    guard (1...64).contains(kid.utf8.count), let first = kid.utf8.first, isAlphanumeric(first)
    else { return false }
    return kid.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }

  /// The first of `STEM-1`, `STEM-2`, … that is not taken.
  static func next(_ stem: String, taken: Set<String>) -> String {
    var number = 1
    while taken.contains("\(stem)-\(number)") { number += 1 }
    return "\(stem)-\(number)"
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
