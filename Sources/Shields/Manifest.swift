internal import Linux

/// Everything that Holdfast has put on this machine, one operation a line, written before it is
/// done. The rescue boot undoes it from last to first with nothing but a shell, so the format is
/// plain: an operation, a tab, a path.
final class Manifest {
  enum Line: Hashable {
    /// The immutable flag, on something that is not ours.
    case flag(String)
    /// A file of ours.
    case file(String)
    /// A link of ours.
    case link(String)
    /// A directory of ours, to be removed once empty.
    case directory(String)
    /// A file that ours stands in for; the original lies at `stored`.
    case saved(String, stored: String)

    var text: String {
      switch self {
      case .flag(let path): "flag\t\(path)"
      case .file(let path): "file\t\(path)"
      case .link(let path): "link\t\(path)"
      case .directory(let path): "dir\t\(path)"
      case .saved(let path, let stored): "saved\t\(path)\t\(stored)"
      }
    }

    init?(_ text: Substring) {
      let parts = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      switch (parts.first, parts.count) {
      case ("flag", 2): self = .flag(parts[1])
      case ("file", 2): self = .file(parts[1])
      case ("link", 2): self = .link(parts[1])
      case ("dir", 2): self = .directory(parts[1])
      case ("saved", 3): self = .saved(parts[1], stored: parts[2])
      default: return nil
      }
    }
  }

  private let path: String
  private var lines: [Line]
  private var known: Set<Line>

  /// Reads what an earlier run left. A manifest that cannot be read counts as empty: engaging
  /// writes it anew.
  init(path: String) {
    self.path = path
    let text = (try? Files.text(path)) ?? ""
    lines = text.split(separator: "\n").compactMap(Line.init)
    known = Set(lines)
  }

  var isEmpty: Bool { lines.isEmpty }

  func contains(_ line: Line) -> Bool { known.contains(line) }

  /// Adds lines that are not there yet and makes them last, before anything is done.
  func add(_ new: [Line]) throws(SystemError) {
    let missing = new.filter { !known.contains($0) }
    guard !missing.isEmpty else { return }
    lines += missing
    known.formUnion(missing)
    try write(sync: true)
  }

  /// Takes lines off after they were undone. Not synced: a stale line undoes nothing twice.
  func remove(_ done: Set<Line>) throws(SystemError) {
    guard !known.isDisjoint(with: done) else { return }
    lines.removeAll { done.contains($0) }
    known.subtract(done)
    try write(sync: false)
  }

  /// Directories of ours, deepest first.
  var directories: [String] {
    lines.compactMap { if case .directory(let path) = $0 { path } else { nil } }
      .sorted { $0.utf8.count > $1.utf8.count }
  }

  private func write(sync: Bool) throws(SystemError) {
    let text = lines.map { $0.text + "\n" }.joined()
    try Files.writeAtomically(path, Array(text.utf8), mode: 0o600, sync: sync)
  }
}
