/// Names of files that a setting may give.
enum FilePath {
  /// PATH_MAX without its NUL.
  static let maxBytes = 4095

  /// Throws unless the path is absolute and written the one way that names it.
  static func check(_ path: String) throws(ValueProblem) {
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
      if component.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) {
        throw ValueProblem("\(shown) is a pattern; each file is named by itself.")
      }
    }
  }
}
