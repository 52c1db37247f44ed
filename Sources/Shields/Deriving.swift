package import Linux
package import Protection

/// What PID 1 says of a unit: the properties that a definition is derived from
/// (org.freedesktop.systemd1(5)).
package struct UnitFacts: Sendable, Equatable {
  package var name: String
  package var description = ""
  package var loadState = ""
  package var fragment = ""
  package var dropIns: [String] = []
  /// Paths that the unit's Exec…= lines run.
  package var programs: [String] = []
  package var type = ""
  /// `NAME=VALUE` of `Environment=`.
  package var environment: [String] = []

  package init(name: String) { self.name = name }
}

/// Derives what a service consists of from systemd and the package database, and takes the
/// baseline of it.
package struct Deriving {
  private let baseline: BaselineStore
  private let packages: PackageDatabase
  private let directories: UnitDirectories

  package init(
    baseline: BaselineStore, packages: PackageDatabase = PackageDatabase(),
    directories: UnitDirectories = UnitDirectories()
  ) {
    self.baseline = baseline
    self.packages = packages
    self.directories = directories
  }

  /// The service as it is now. Only called while its shields are down, so that nothing of
  /// Holdfast's own gets into the baseline.
  ///
  /// - Parameters:
  ///   - facts: of the unit itself, then of those that fall with it.
  ///   - extra: further files to keep, such as the command beside the daemon.
  package func define(
    _ facts: [UnitFacts], extra: [String], upgrades: UpgradePolicy, addedBy: AddedBy
  ) throws(SystemError) -> ServiceDefinition {
    var units: [ProtectedUnit] = []
    var programs: [KeptFile] = []
    for unit in facts { units.append(try define(unit)) }
    for path in Self.unique(facts.flatMap(\.programs) + extra) {
      // Where the path is a link, what counts is the file it ends at.
      let real = (try? Files.resolve(path)) ?? path
      if !programs.contains(where: { $0.path == real }), let file = try baseline.take(real) {
        programs.append(file)
      }
    }
    var package: InstalledPackage?
    var settings: [KeptFile] = []
    let anchor = units.first?.fragment?.path ?? programs.first?.path
    if packages.exists, let anchor, let entry = packages.owner(of: anchor) {
      let taken = Set(programs.map(\.path) + units.compactMap(\.fragment?.path))
      for path in entry.conffiles where !taken.contains(path) {
        if let file = try baseline.take(path) { settings.append(file) }
      }
      package = try define(entry)
    }
    return ServiceDefinition(
      unit: facts.first?.name ?? "", description: facts.first?.description ?? "", units: units,
      programs: programs, settings: settings, package: package, upgrades: upgrades,
      addedBy: addedBy)
  }

  private func define(_ facts: UnitFacts) throws(SystemError) -> ProtectedUnit {
    let installed = facts.loadState == "loaded"
    let fragment =
      installed ? try baseline.take((try? Files.resolve(facts.fragment)) ?? facts.fragment) : nil
    var dropIns: [KeptFile] = []
    for path in facts.dropIns where installed {
      if let file = try baseline.take((try? Files.resolve(path)) ?? path) { dropIns.append(file) }
    }
    return ProtectedUnit(
      name: facts.name, fragment: fragment, dropIns: dropIns, links: links(to: facts.name),
      shadows: directories.all.map { "\($0)/\(facts.name)" }.filter {
        $0 != fragment?.path && Files.exists($0)
      },
      ownDirectories: directories.possessed.map { "\($0)/\(facts.name).d" }
        .filter(Files.isDirectory),
      type: facts.type,
      ownEnvironment: DropIn.loaderVariables.filter { variable in
        facts.environment.contains { $0.hasPrefix("\(variable)=") }
      })
  }

  private func define(_ entry: PackageDatabase.Entry) throws(SystemError) -> InstalledPackage {
    var records: [KeptFile] = []
    for path in packages.records(of: entry) {
      if let file = try baseline.take(path) { records.append(file) }
    }
    let prerm = packages.prermPath(of: entry)
    return InstalledPackage(
      name: entry.name, version: entry.version, architecture: entry.architecture,
      records: records, prerm: try baseline.take(prerm), prermPath: prerm)
  }

  /// The links by which `systemctl enable` made it wanted, and its aliases.
  private func links(to unit: String) -> [KeptLink] {
    var links: [KeptLink] = []
    for directory in directories.enablement {
      for name in (try? Files.list(directory)) ?? [] {
        let path = "\(directory)/\(name)"
        if [".wants", ".requires", ".upholds"].contains(where: name.hasSuffix) {
          if let target = try? Files.readLink("\(path)/\(unit)") {
            links.append(KeptLink(path: "\(path)/\(unit)", target: target))
          }
        } else if name != unit, let target = try? Files.readLink(path),
          target.split(separator: "/").last.map(String.init) == unit
        {
          links.append(KeptLink(path: path, target: target))
        }
      }
    }
    return links
  }

  private static func unique(_ paths: [String]) -> [String] {
    var seen: Set<String> = []
    return paths.filter { $0.hasPrefix("/") && seen.insert($0).inserted }
  }
}
