import Linux
import TestSupport

/// The targets of Package.swift and what each depends on, read from its text: `core(…)`,
/// `library(…)`, `program(…)` and `.systemLibrary(…)`, a name and a list of names.
struct PackageManifest {
  /// Per target: the targets it depends on; a product of another package by the name it has there.
  let dependencies: [String: [String]]
  /// The C modules.
  let systemLibraries: Set<String>

  init(_ text: String) {
    let code = text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.drop { $0 == " " }.hasPrefix("//") && !$0.contains("func ") }
      .joined(separator: "\n")
    var dependencies: [String: [String]] = [:]
    for call in ["core(", "library(", "program("].flatMap({ Self.calls(of: $0, in: code) }) {
      guard let name = Self.words(in: call).first else { continue }
      let list = call.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      dependencies[name] = Self.words(in: list)
    }
    self.dependencies = dependencies
    systemLibraries = Set(
      Self.calls(of: ".systemLibrary(", in: code).compactMap { call in
        Self.words(in: call).drop { $0 != "name" }.dropFirst().first
      })
  }

  /// A target and all that it is linked with, C modules included.
  func closure(of target: String) -> Set<String> {
    var found: Set<String> = []
    var open = [target]
    while let next = open.popLast() {
      if found.insert(next).inserted { open += dependencies[next] ?? [] }
    }
    return found
  }

  /// What stands between the parentheses of each call of a function.
  private static func calls(of name: String, in code: String) -> [Substring] {
    var calls: [Substring] = []
    var rest = code[...]
    while let start = rest.firstRange(of: name) {
      rest = rest[start.upperBound...]
      var depth = 1
      calls.append(
        rest.prefix { character in
          if character == "(" { depth += 1 }
          if character == ")" { depth -= 1 }
          return depth > 0
        })
    }
    return calls
  }

  /// The names in a list: quoted, or of a constant.
  private static func words(in list: Substring) -> [String] {
    list.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }.map(String.init)
  }
}

/// The imports of a target's source files.
enum SourceImports {
  struct Import: CustomStringConvertible {
    let module: String
    let file: String
    var description: String { "\(file) imports \(module)" }
  }

  static func of(target: String) throws -> [Import] {
    try files(below: "\(Checkout.top)/Sources/\(target)").flatMap { file in
      modules(in: try Files.text(file)).map {
        Import(module: $0, file: String(file.dropFirst(Checkout.top.count + 1)))
      }
    }
  }

  /// The modules that a file imports, whatever stands before and behind `import`.
  static func modules(in text: String) -> [String] {
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]
    return text.split { $0.isNewline || $0 == ";" }.compactMap { line in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"),
        words[..<index].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains($0) })
      else { return nil }
      let name = words[(index + 1)...].first { !kinds.contains($0) }
      return name.map { String($0.prefix { $0 != "." }) }
    }
  }

  private static let accessLevels: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]

  private static func files(below directory: String) throws -> [String] {
    try Files.list(directory).flatMap { name in
      let path = "\(directory)/\(name)"
      if Files.isDirectory(path) { return try files(below: path) }
      return name.hasSuffix(".swift") ? [path] : []
    }
  }
}
