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
  /// Paths that the unit's Exec…= lines run, that of ExecStart= first.
  package var programs: [String] = []
  /// Absolute paths among their arguments: what an interpreter runs.
  package var arguments: [String] = []
  package var type = ""
  package var remainsAfterExit = false
  /// `NAME=VALUE` of `Environment=`.
  package var environment: [String] = []
  /// Its other names.
  package var aliases: [String] = []
  /// `DefaultDependencies=`
  package var hasDefaultDependencies = false
  /// Sockets, timers and paths that start it.
  package var triggeredBy: [String] = []
  /// What a generator made its unit file from.
  package var source = ""
  /// The command lines of `ExecReload=`.
  package var reloadCommands: [[String]] = []

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
  ///   - open: a directory whose configuration files stay an administrator's to write.
  ///   - known: the other services, some of which may come from the same package.
  package func derive(
    _ facts: [UnitFacts], wishes: DerivingWishes, open: String? = nil,
    known: [ServiceDefinition] = [], upgrades: UpgradePolicy, addedBy: AddedBy
  ) throws(SystemError) -> Derivation {
    var units = try facts.map { facts throws(SystemError) in try define(facts) }
    // Where a path is a link, what counts is the file it ends at.
    let run = Self.unique(facts.flatMap(\.programs).map(Self.resolve))
    let wished = Set(wishes.files.map(Self.resolve))
    let named = Self.unique((facts.flatMap(\.arguments) + wishes.files).map(Self.resolve))
    let owners = packages.owners(of: units.compactMap(\.fragment?.path) + run + named)
    let owner = ownPackage(units.first?.fragment?.path, run.first, owners)
    let conffiles = owner?.conffiles ?? []
    let rotation = rotation(of: facts.first, conffiles)
    let logs = wishes.logs ?? rotation.logs
    var origins: [String: String] = [:]
    var notes: [String] = []

    func take(_ path: String, _ origin: String) throws(SystemError) -> [KeptFile] {
      if logs.contains(where: { Files.matches(path, pattern: $0) }) {
        notes.append("\(path) is one of its logs, so it is not kept as it is.")
        return []
      }
      guard let file = try baseline.take(path) else { return [] }
      origins[path] = origin
      return [file]
    }

    var programs: [KeptFile] = []
    for path in run where isOwn(path, owner, owners) { programs += try take(path, "Exec") }
    // The links on the way to them count too.
    for path in Self.unique(facts.flatMap(\.programs))
    where isOwn(Self.resolve(path), owner, owners) {
      let name = Self.canonical(path)
      if let target = try? Files.readLink(name), !units.isEmpty {
        units[0].links.append(KeptLink(path: name, target: target))
      }
    }
    for path in named where !run.contains(path) && !conffiles.contains(path) {
      if wished.contains(path) {
        if isOwn(path, owner, owners) { programs += try take(path, "Files") }
      } else if owners[path] != nil {
        if isOwn(path, owner, owners) { programs += try take(path, "command line") }
      } else if owner == nil {
        // Of a package's service only what the package ships: the rest may be data that it writes.
        if Unpackaged.isSetting(path) {
          programs += try take(path, "command line")
        } else if (try? Files.status(path))??.kind == .regular {
          notes.append(
            "\(path), on its command line, may be data and is left as it is; see Files=.")
        }
      }
    }
    if owner == nil, let program = run.first, owners[program] == nil {
      let taken = Set(programs.map(\.path))
      for path in Unpackaged.companions(of: program) where !taken.contains(path) {
        programs += try take(path, "folder")
      }
    }
    var settings: [KeptFile] = []
    for path in conffiles where !(open.map { path.hasPrefix($0 + "/") } ?? false) {
      let isUnit = units.contains { $0.fragment?.path == path }
      if !isUnit { settings += try take(path, "package") }
    }
    let service = ServiceDefinition(
      unit: facts.first?.name ?? "", description: facts.first?.description ?? "", units: units,
      programs: programs, settings: settings,
      package: try owner.map { owner throws(SystemError) in try define(owner, known) },
      upgrades: upgrades, addedBy: addedBy, logs: logs,
      allowSignals: wishes.allowSignals ?? rotation.signals)
    return Derivation(
      service: service, origins: origins, notes: notes,
      rotation: wishes.logs == nil ? rotation.path : nil)
  }

  /// The same without a word on where it comes from.
  package func define(
    _ facts: [UnitFacts], extra: [String], open: String? = nil,
    known: [ServiceDefinition] = [], upgrades: UpgradePolicy,
    addedBy: AddedBy
  ) throws(SystemError) -> ServiceDefinition {
    try derive(
      facts, wishes: DerivingWishes(files: extra), open: open, known: known, upgrades: upgrades,
      addedBy: addedBy
    ).service
  }

  /// What the logrotate file that came with the service says of it.
  private func rotation(
    of facts: UnitFacts?, _ conffiles: [String]
  ) -> (path: String?, logs: [String], signals: [String]) {
    guard let facts else { return (nil, [], []) }
    let stem = facts.name.prefix { $0 != "." && $0 != "@" }
    var files = conffiles.filter { Files.directory(of: $0).hasSuffix("/logrotate.d") }
    if conffiles.isEmpty { files = ["\(directories.root)/etc/logrotate.d/\(stem)"] }
    var found: (path: String?, logs: [String], signals: [String]) = (nil, [], [])
    for path in files {
      guard let text = try? Files.text(path, limit: LogRotation.maxBytes),
        let rotation = LogRotation(text: text, unit: facts.name), !rotation.logs.isEmpty
      else { continue }
      found.path = found.path ?? path
      found.logs += rotation.logs
      let reload = rotation.reloads ? LogRotation.signals(ofReload: facts.reloadCommands) : []
      for signal in rotation.signals + reload where !found.signals.contains(signal) {
        found.signals.append(signal)
      }
    }
    return found
  }

  /// The package that the service comes from: the unit file's, or where an administrator wrote that,
  /// the program's, unless half the system is made of it.
  private func ownPackage(
    _ fragment: String?, _ program: String?, _ owners: [String: String]
  ) -> PackageDatabase.Entry? {
    if let fragment, let stem = owners[fragment] { return packages.entry(stem: stem) }
    guard let program, let stem = owners[program], let entry = packages.entry(stem: stem),
      !entry.isBasic
    else { return nil }
    return entry
  }

  /// Whether a file is the service's to keep: a shell, an interpreter or `kill` that its unit runs
  /// belongs to another package, which must stay upgradable.
  private func isOwn(
    _ path: String, _ owner: PackageDatabase.Entry?, _ owners: [String: String]
  ) -> Bool {
    owners[path].map { $0 == owner?.stem } ?? true
  }

  /// A file by its own name in its directory's real one: `/lib` is a link to `/usr/lib`.
  package static func canonical(_ path: String) -> String {
    guard let name = path.split(separator: "/").last else { return path }
    return "\(resolve(Files.directory(of: path)))/\(name)"
  }

  private static func resolve(_ path: String) -> String { (try? Files.resolve(path)) ?? path }

  private func define(_ facts: UnitFacts) throws(SystemError) -> ProtectedUnit {
    let installed = facts.loadState == "loaded"
    let fragment =
      installed ? try baseline.take(Self.resolve(facts.fragment)) : nil
    var dropIns: [KeptFile] = []
    var links = links(to: facts.name)
    for path in facts.dropIns where installed {
      let name = Self.canonical(path)
      if let file = try baseline.take(name) {
        dropIns.append(file)
      } else if let target = try? Files.readLink(name) {
        links.append(KeptLink(path: name, target: target))
      }
    }
    return ProtectedUnit(
      name: facts.name, fragment: fragment, dropIns: dropIns, links: links,
      shadows: directories.all.map { "\($0)/\(facts.name)" }.filter {
        $0 != fragment?.path && Files.exists($0)
      },
      ownDirectories: directories.possessed.map { "\($0)/\(facts.name).d" }
        .filter(Files.isDirectory),
      type: facts.type,
      ownEnvironment: DropIn.loaderVariables.filter { variable in
        facts.environment.contains { $0.hasPrefix("\(variable)=") }
      }, aliases: facts.aliases, hasDefaultDependencies: facts.hasDefaultDependencies)
  }

  private func define(
    _ entry: PackageDatabase.Entry, _ known: [ServiceDefinition]
  ) throws(SystemError) -> InstalledPackage {
    var records: [KeptFile] = []
    for path in packages.records(of: entry) {
      if let file = try baseline.take(path) { records.append(file) }
    }
    let path = packages.prermPath(of: entry)
    // Ours is nobody's original: another service of the package knows what it stands for.
    let prerm =
      PackageShield.isRefusal(path)
      ? known.compactMap(\.package).first { $0.prermPath == path }?.prerm
      : try baseline.take(path)
    return InstalledPackage(
      name: entry.name, version: entry.version, architecture: entry.architecture,
      records: records, prerm: prerm, prermPath: path)
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
