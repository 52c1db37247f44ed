internal import Linux
internal import Protection

/// Finds what was put into a unit directory against a protected unit: masks, shadow units and
/// drop-ins that the baseline does not have.
struct Intruders {
  private let directories: UnitDirectories

  init(_ directories: UnitDirectories) { self.directories = directories }

  /// Files, links and drop-ins of the unit's own name. They concern nobody else, so they go.
  ///
  /// - Parameter spared: a directory that is not looked at.
  func find(_ unit: ProtectedUnit, sparing spared: String? = nil) -> [Problem] {
    guard let fragment = unit.fragment else { return [] }
    let keptDropIns = unit.knownDropIns
    let keptUnits = Set(unit.shadows + [fragment.path])
    var found: [Problem] = []
    for directory in directories.lasting where ![directories.control, spared].contains(directory) {
      let file = "\(directory)/\(unit.name)"
      if !keptUnits.contains(file), Files.exists(file) {
        found.append(Problem(path: file, what: isMask(file) ? "masked it" : "shadowed it"))
      }
      let dropIns = "\(directory)/\(unit.name).d"
      for name in (try? Files.list(dropIns)) ?? [] where !keptDropIns.contains("\(dropIns)/\(name)")
      {
        found.append(Problem(path: "\(dropIns)/\(name)", what: "overrode it"))
      }
    }
    return found
  }

  /// Names of drop-ins that came after the baseline and cannot go: those for its prefix or type,
  /// which concern others too, and those that a generator makes. Not the name of ours: that is out
  /// of effect by itself, since the control directory comes first.
  func dropInsToMask(_ unit: ProtectedUnit, foreign: Set<String>) -> [String] {
    let kept = unit.knownDropIns
    let shared = UnitPaths.sharedDropInDirectories(of: unit.name)
    let places =
      directories.all.flatMap { directory in shared.map { "\(directory)/\($0)" } }
      + directories.generated.map { "\($0)/\(unit.name).d" }
    var names = foreign
    for place in places {
      for name in (try? Files.list(place)) ?? []
      where name.hasSuffix(".conf") && name != DropIn.fileName && !kept.contains("\(place)/\(name)")
      {
        names.insert(name)
      }
    }
    // A name that the unit's own directory has wins there already, and masking would take that away.
    names.subtract(
      unit.ownDropIns.compactMap { $0.path.split(separator: "/").last.map(String.init) })
    names.remove(DropIn.fileName)
    return names.sorted()
  }

  private func isMask(_ path: String) -> Bool {
    (try? Files.readLink(path)) == "/dev/null" || (try? Files.status(path))??.size == 0
  }
}
