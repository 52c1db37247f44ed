internal import Linux
package import Protection

/// One thing that a shield wants to be so on this machine.
///
/// Shields only say what they want; `Workbench` makes it so, finds what is not, and undoes it.
package enum Placement: Sendable, Equatable {
  /// A directory of Holdfast's own with exactly these files (name → text) and links
  /// (name → target), all of it immutable.
  case directory(String, files: [String: String], links: [String: String])
  /// A unit's own drop-in directory, taken into possession: immutable, and with nothing in it but
  /// what `keeping` names. `existed`: it was there before, so it stays on release.
  case possessed(String, existed: Bool, keeping: [String])
  /// A file of Holdfast's own, immutable.
  case file(String, text: String, mode: UInt32)
  /// A link of Holdfast's own.
  case link(String, target: String)
  /// Somebody else's file: kept as the baseline has it, and immutable.
  case kept(KeptFile)
  /// Somebody else's link: put back when it goes.
  case keptLink(KeptLink)
  /// Somebody else's file, or the lack of one, with ours in its place until released.
  case replaced(String, text: String, mode: UInt32, original: KeptFile?)

  package var path: String {
    switch self {
    case .directory(let path, _, _), .possessed(let path, _, _), .file(let path, _, _),
      .link(let path, _), .replaced(let path, _, _, _):
      path
    case .kept(let file): file.path
    case .keptLink(let link): link.path
    }
  }

  /// What of it has the immutable flag.
  package var flagged: [String] {
    switch self {
    case .directory(let path, let files, _): [path] + files.keys.map { "\(path)/\($0)" }
    case .possessed, .file, .kept, .replaced: [path]
    case .link, .keptLink: []
    }
  }

  /// What the rescue boot has to know to undo this without the daemon.
  func manifestLines(baseline: BaselineStore) -> [Manifest.Line] {
    switch self {
    case .directory(let path, let files, let links):
      [.directory(path)] + files.keys.sorted().map { .file("\(path)/\($0)") }
        + links.keys.sorted().map { .link("\(path)/\($0)") }
    case .possessed(let path, let existed, _): [existed ? .flag(path) : .directory(path)]
    case .file(let path, _, _): [.file(path)]
    case .link(let path, _): [.link(path)]
    case .kept(let file): [.flag(file.path)]
    case .keptLink: []
    case .replaced(let path, _, _, let original):
      [original.map { .saved(path, stored: baseline.path(of: $0.hash)) } ?? .file(path)]
    }
  }
}
