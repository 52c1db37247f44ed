/// Names of files that a setting may give.
enum FilePath {
  /// PATH_MAX without its NUL.
  static let maxBytes = 4095

  /// Throws unless the path is absolute and written the one way that names it.
  static func check(_ path: String) throws(ValueProblem) {
    try check(path, isPattern: false)
  }

  /// Throws unless this is such a path, or a shell pattern for some whose first two folders are
  /// named, so that it cannot reach all over the machine.
  static func check(pattern path: String) throws(ValueProblem) {
    try check(path, isPattern: true)
    let parts = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"))
    let isOpen = parts.prefix(2).contains { part in
      part.contains { "*?[\\".utf8.contains($0) }
    }
    if parts.count < 3 || isOpen {
      throw ValueProblem(
        "\(ValueReader.quoted(path)) reaches too far: name at least two folders, as in "
          + "/var/log/*.log.")
    }
  }

  private static func check(_ path: String, isPattern: Bool) throws(ValueProblem) {
    let shown = ValueReader.quoted(path)
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw ValueProblem("\(shown) is no absolute path: it begins with \"/\".")
    }
    guard path.utf8.count <= maxBytes else {
      throw ValueProblem("\(shown) is longer than \(maxBytes) bytes.")
    }
    guard path.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw ValueProblem("A path holds a control character.")
    }
    let components = path.utf8.dropFirst()
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for component in components {
      if component.isEmpty || component.elementsEqual(".".utf8)
        || component.elementsEqual("..".utf8)
      {
        throw ValueProblem(
          "\(shown) is not a plain path: no \".\", \"..\", double \"/\" or \"/\" at its end.")
      }
      if !isPattern, component.contains(where: { "*?".utf8.contains($0) }) {
        throw ValueProblem("\(shown) is a pattern; each file is named by itself.")
      }
    }
  }
}
