import Glibc
import Linux

/// A directory of its own for one test, removed with all that is in it when the test lets go.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = "/tmp/holdfast-tests-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(path, mode: 0o700)
  }

  deinit {
    Self.removeAll(path)
  }

  /// A path in it.
  func callAsFunction(_ name: String) -> String {
    "\(path)/\(name)"
  }

  private static func removeAll(_ path: String) {
    for name in (try? Files.list(path)) ?? [] {
      let child = "\(path)/\(name)"
      if (try? Files.status(child))??.kind == .directory {
        removeAll(child)
      } else {
        try? Files.remove(child)
      }
    }
    try? Files.removeDirectory(path)
  }
}
