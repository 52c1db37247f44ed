internal import AgentToken
internal import Issuing
internal import Linux

/// Where secrets that were made are written: one file, or a directory with one for each; readable by
/// their owner only.
struct Downloads {
  private let path: String
  private let isDirectory: Bool
  private var taken: Set<String> = []

  /// - Parameter several: whether there may be more than one, so that it has to be a directory, which
  ///   is made where there is none.
  init(_ path: String, several: Bool) throws(Refusal) {
    self.path = path
    isDirectory = several || path.hasSuffix("/") || Files.isDirectory(path)
    guard isDirectory else { return }
    do {
      try Files.makeDirectory(path, mode: 0o700, parents: true)
    } catch {
      throw Refusal(error, "make the directory \(path)")
    }
  }

  /// - Returns: the file's path.
  mutating func write(_ text: String, for name: String) throws(Refusal) -> String {
    let file = isDirectory ? "\(path)/\(vacant(name)).token" : path
    do {
      try Files.writeAtomically(file, Array((text + "\n").utf8), mode: 0o600)
    } catch {
      throw Refusal(error, "write \(file)")
    }
    return file
  }

  /// Ids may have slashes in them.
  private mutating func vacant(_ name: String) -> String {
    let base = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    var file = base.hasPrefix(".") ? "_" + base : base
    var number = 2
    while !taken.insert(file).inserted {
      file = "\(base)-\(number)"
      number += 1
    }
    return file
  }
}
