/// Names of units that can be protected: services, by their full name (systemd.unit(5)).
enum ServiceName {
  static let suffix = ".service"

  /// Throws unless the name is 1–255 of `A–Z a–z 0–9 : _ . \ @ -`, ends in `.service`, and is
  /// neither nothing but that nor a template.
  static func check(_ name: String) throws(ValueProblem) {
    let shown = ValueReader.quoted(name)
    let bytes = name.utf8
    guard bytes.allSatisfy(isAllowed) else {
      throw ValueProblem("\(shown) is no unit name: a character in it is not allowed there.")
    }
    guard bytes.count <= 255 else {
      throw ValueProblem("\(shown) is no unit name: it is longer than 255 characters.")
    }
    guard name.hasSuffix(suffix) else {
      throw ValueProblem("\(shown) is no service: the name ends in \(suffix).")
    }
    let stem = bytes.dropLast(suffix.utf8.count)
    guard let first = stem.first, first != UInt8(ascii: "@") else {
      throw ValueProblem("\(shown) is no unit name: nothing stands before its suffix.")
    }
    guard stem.last != UInt8(ascii: "@") else {
      throw ValueProblem("\(shown) is a template; only an instance of it can be protected.")
    }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      #":_.\@-"#.utf8.contains(byte)
    }
  }
}
