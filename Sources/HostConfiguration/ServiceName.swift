internal import AgentToken

/// Names of units that can be protected: services, by their full name (systemd.unit(5)).
enum ServiceName {
  static let suffix = ".service"

  /// Throws unless this is a unit's name that ends in `.service` and is no template's.
  static func check(_ name: String) throws(ValueProblem) {
    let shown = ValueReader.quoted(name)
    guard name.hasSuffix(suffix) else {
      throw ValueProblem("\(shown) is no service: the name ends in \(suffix).")
    }
    guard UnitName.isValid(name) else {
      throw ValueProblem(
        "\(shown) is no unit name: at most 255 of A-Z a-z 0-9 : _ . \\ @ - with \(suffix).")
    }
    let stem = name.utf8.dropLast(suffix.utf8.count)
    guard stem.first != UInt8(ascii: "@") else {
      throw ValueProblem("\(shown) is no unit name: nothing stands before the \"@\".")
    }
    guard stem.last != UInt8(ascii: "@") else {
      throw ValueProblem("\(shown) is a template; only an instance of it can be protected.")
    }
  }
}
