internal import Linux
internal import Protection

/// Finds what was put into a unit directory against a protected unit: masks, shadow units and
/// drop-ins that the baseline does not have.
struct Intruders {
  private let directories: UnitDirectories

  init(_ directories: UnitDirectories) { self.directories = directories }

  /// Files, links and drop-ins of the unit's own name. They concern nobody else, so they go.
  func find(_ unit: ProtectedUnit) -> [Problem] {
    guard let fragment = unit.fragment else { return [] }
    let keptDropIns = Set(unit.dropIns.map(\.path))
    let keptUnits = Set(unit.shadows + [fragment.path])
    var found: [Problem] = []
    for directory in directories.all where directory != directories.control {
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

  /// Names of drop-ins for its prefix or type that came after the baseline. Not the name of ours:
  /// that is out of effect by itself, since a unit's own directory comes first.
  func sharedDropIns(_ unit: ProtectedUnit) -> [String] {
    let kept = Set(unit.dropIns.map(\.path))
    var names: Set<String> = []
    for shared in UnitPaths.sharedDropInDirectories(of: unit.name) {
      for directory in directories.all {
        let path = "\(directory)/\(shared)"
        for name in (try? Files.list(path)) ?? []
        where name.hasSuffix(".conf") && name != DropIn.fileName
          && !kept.contains("\(path)/\(name)")
        {
          names.insert(name)
        }
      }
    }
    return names.sorted()
  }

  private func isMask(_ path: String) -> Bool {
    (try? Files.readLink(path)) == "/dev/null" || (try? Files.status(path))??.size == 0
  }
}
