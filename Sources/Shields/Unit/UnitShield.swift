internal import Linux
package import Protection

/// Refuses stop, restart, disable, mask, override and isolate by systemd's own means, and has PID 1
/// itself bring the service back: everything here goes on working with the daemon dead.
package struct UnitShield: Shield {
  package let name = ShieldName.unit
  private let bench: Workbench
  private let directories: UnitDirectories
  private let foreign: ForeignDropIns

  package init(
    bench: Workbench, directories: UnitDirectories = UnitDirectories(),
    foreign: ForeignDropIns = ForeignDropIns()
  ) {
    self.bench = bench
    self.directories = directories
    self.foreign = foreign
  }

  package func engage(_ service: ServiceDefinition) -> Engagement {
    var result = bench.apply(placements(service))
    for unit in service.units {
      for intruder in Intruders(directories).find(unit, sparing: open(service)) {
        do {
          try bench.remove(intruder.path)
          result.mended.append(intruder)
        } catch {
          result.problems.append(Problem(path: intruder.path, what: "cannot be removed: \(error)"))
        }
      }
    }
    result.needsReload = result.mended.contains(where: \.isVisible)
    return result
  }

  package func release(_ service: ServiceDefinition, sparing: Set<String>) -> [Problem] {
    bench.undo(placements(service).filter { !sparing.contains($0.path) })
  }

  package func paths(_ service: ServiceDefinition) -> Set<String> {
    Set(placements(service).map(\.path))
  }

  package func flagged(_ service: ServiceDefinition) -> [String] {
    placements(service).flatMap(\.flagged)
  }

  package func inspect(_ service: ServiceDefinition) -> [Problem] {
    bench.damage(to: placements(service))
      + service.units.flatMap { Intruders(directories).find($0, sparing: open(service)) }
  }

  package func differences(_ service: ServiceDefinition) -> [Problem] {
    let kept = service.units.flatMap { unit in
      unit.links.map(Placement.keptLink) + unit.sharedDropIns.map(Placement.kept)
    }
    return bench.damage(to: kept).filter(\.isVisible)
      + service.units.flatMap { unit in
        Intruders(directories).find(unit)
          + Intruders(directories).dropInsToMask(unit, foreign: []).map {
            Problem(path: $0, what: "came into effect for \(unit.name)")
          }
      }
  }

  /// Where dpkg may put units and drop-ins just now.
  private func open(_ service: ServiceDefinition) -> String? {
    service.isInPackageRun && service.takesPackagedDropIns ? directories.packaged : nil
  }

  /// Lets go of the unit's own drop-in directory into which its package may put something.
  package func openDirectories(_ service: ServiceDefinition) -> [Problem] {
    var whole = service
    whole.isInPackageRun = false
    return bench.undo(
      placements(whole).filter {
        if case .possessed(let path, _, _) = $0 {
          Files.directory(of: path) == directories.packaged
        } else {
          false
        }
      })
  }

  /// Everything the shield wants to be so, in the order in which it is put there.
  func placements(_ service: ServiceDefinition) -> [Placement] {
    service.units.flatMap { placements($0, of: service) }
  }

  private func placements(_ unit: ProtectedUnit, of service: ServiceDefinition) -> [Placement] {
    // Drop-ins may come with what its package brings.
    let isOpen = service.isInPackageRun && service.takesPackagedDropIns
    guard let fragment = unit.fragment else { return [] }
    let control = directories.control
    var wanted: [Placement] = []

    // Against masks, shadow units and the unit file's removal: the unit file itself, where nothing
    // can take precedence over it.
    if let text = bench.baseline.text(of: fragment) {
      wanted.append(.file("\(control)/\(unit.name)", text: text, mode: 0o644))
    }

    // Against changes to drop-ins that it shares with others, which stay theirs to change: what was in
    // effect for this unit stays so.
    var files = Dictionary(
      unit.sharedDropIns.compactMap { file in
        file.path.split(separator: "/").last.flatMap { name in
          bench.baseline.text(of: file).map { (String(name), $0) }
        }
      }, uniquingKeysWith: { first, _ in first })
    let own = service.programs.first {
      unit.name == "holdfastd.service" && $0.path.hasSuffix("/holdfastd")
    }
    files[DropIn.fileName] = DropIn.text(
      unit, mayBeStopped: service.letsPackageRestart, restartDelay: service.restartDelay,
      afterwards: own.map { DropIn.restoring($0, from: bench.baseline.path(of: $0.hash)) })

    // Against stop, restart, isolate, start limits, kills and injected libraries.
    wanted.append(
      .directory(
        "\(control)/\(unit.name).d",
        files: files,
        // Against new ones, and those that a generator makes: out of effect here, in place there.
        links: Dictionary(
          Intruders(directories).dropInsToMask(unit, foreign: foreign.names(of: unit.name))
            .filter { files[$0] == nil }
            .filter { !isOpen || Files.exists("\(control)/\(unit.name).d/\($0)") }
            .map { ($0, "/dev/null") },
          uniquingKeysWith: { first, _ in first })))

    // Against `systemctl edit`, `set-property` and drop-ins by hand.
    for directory in directories.possessed where directory != open(service) {
      let path = "\(directory)/\(unit.name).d"
      wanted.append(
        .possessed(
          path, existed: unit.ownDirectories.contains(path),
          keeping: unit.knownDropIns.compactMap { $0.name(in: path) }))
    }

    // Against every way into `inactive`: PID 1 starts it again by itself, in some 30 ms, because
    // a unit that cannot go away upholds it (systemd.unit(5), Upholds=). It is PID 1's own, which
    // no other unit depends on: `-.slice` would have every shutdown want the service started too,
    // and which of both jobs then goes is left to chance. Not a socket: PID 1 refuses to listen
    // while its service runs, and would try again some 700 times a second.
    if !unit.name.hasSuffix(".socket"), service.staysUp(unit) {
      wanted.append(
        .file(
          "\(control)/init.scope.d/50-protected-by-holdfast-\(unit.name).conf",
          text: "[Unit]\nUpholds=\(unit.name)\n", mode: 0o644))
    }

    if let rules = directories.polkitRules, unit.name.hasSuffix(".service") {
      wanted.append(
        .file(
          PolkitRule.path(of: unit.name, in: rules), text: PolkitRule.text(unit.name), mode: 0o644))
    }

    // Against `disable`: started at boot all the same, and the links put back.
    for target in Set(unit.links.compactMap(\.wantingTarget)).sorted() {
      wanted.append(.link("\(control)/\(target)/\(unit.name)", target: "../\(unit.name)"))
    }
    wanted += unit.links.map(Placement.keptLink)
    return wanted
  }
}

/// Drop-ins that PID 1 was seen to have in effect without anybody's leave, wherever it has them from:
/// an alias, a template, a directory that no list here names.
package final class ForeignDropIns {
  private var found: [String: Set<String>] = [:]

  package init() {}

  /// Notes a drop-in of a unit by its path.
  package func note(_ path: String, of unit: String) {
    guard let name = path.split(separator: "/").last.map(String.init) else { return }
    found[unit, default: []].insert(name)
  }

  /// The unit is released: what is in effect when it is engaged again came with permission.
  package func forget(_ unit: String) { found[unit] = nil }

  func names(of unit: String) -> Set<String> { found[unit] ?? [] }
}

/// Where unit files are; the standard directories but in tests.
package struct UnitDirectories: Sendable {
  package let root: String

  /// - Parameter root: put before every path.
  package init(root: String = "") { self.root = root }

  package var control: String { root + UnitPaths.control }
  package var packaged: String { root + UnitPaths.packaged }
  package var all: [String] { UnitPaths.all.map { root + $0 } }
  /// Those where files can be removed for good.
  package var lasting: [String] {
    UnitPaths.all.filter { !UnitPaths.generated.contains($0) }.map { root + $0 }
  }
  package var generated: [String] {
    UnitPaths.all.filter(UnitPaths.generated.contains).map { root + $0 }
  }
  /// Nil where there is no polkit.
  var polkitRules: String? { PolkitRule.directory(root: root) }
  package var possessed: [String] { UnitPaths.possessed.map { root + $0 } }
  package var enablement: [String] { UnitPaths.enablement.map { root + $0 } }
}

extension KeptLink {
  /// `multi-user.target.wants`, where the link stands in such a directory.
  var wantingTarget: String? {
    let directory = Files.directory(of: path)
    guard directory.hasSuffix(".wants") || directory.hasSuffix(".requires"),
      let slash = directory.lastIndex(of: "/")
    else { return nil }
    return String(directory[directory.index(after: slash)...])
  }
}

extension String {
  /// The last component of this path, where it lies directly in `directory`.
  func name(in directory: String) -> String? {
    guard hasPrefix(directory + "/") else { return nil }
    let name = dropFirst(directory.count + 1)
    return name.contains("/") ? nil : String(name)
  }
}
