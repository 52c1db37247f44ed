internal import Linux
internal import Protection
internal import Shields

/// All shields of all services: what an engaging does without PID 1, and what an inspection sees.
final class ShieldBoard {
  let bench: Workbench
  let packages: PackageDatabase
  private let unitShield: UnitShield
  private let foreign = ForeignDropIns()
  private let fileShield: FileShield
  private let packageShield: PackageShield
  private let deriving: Deriving
  /// Holdfast's own configuration: what counts of it is the daemon's accepted copy.
  private let openDirectory: String
  /// The daemon's own.
  private let state: String

  init(directory: String, configuration: String) throws(SystemError) {
    openDirectory = configuration
    state = directory
    bench = try Workbench(directory: directory)
    packages = PackageDatabase()
    unitShield = UnitShield(bench: bench, foreign: foreign)
    fileShield = FileShield(bench: bench)
    packageShield = PackageShield(bench: bench)
    deriving = Deriving(baseline: bench.baseline, packages: packages)
  }

  /// In the order in which they go up.
  private var shields: [any Shield] { [unitShield, fileShield, packageShield] }

  private func selected(_ names: Set<ShieldName>) -> [any Shield] {
    shields.filter { names.contains($0.name) }
  }

  /// Puts shields up, or back up.
  func engage(
    _ service: ServiceDefinition, _ names: Set<ShieldName> = Set(ShieldName.allCases)
  ) -> Engagement {
    var result = names.contains(.file) ? uncover(service) : Engagement()
    for shield in selected(names) {
      let one = shield.engage(service)
      result.mended += one.mended
      result.problems += one.problems
      result.needsReload = result.needsReload || one.needsReload
    }
    return result
  }

  /// Takes shields down, in the opposite order.
  ///
  /// - Parameter sparing: what services that stay protected need too.
  func release(
    _ service: ServiceDefinition, _ names: Set<ShieldName> = Set(ShieldName.allCases),
    sparing: Set<String> = []
  ) -> [Problem] {
    let problems = selected(names).reversed().flatMap { $0.release(service, sparing: sparing) }
    if names.contains(.unit) { for unit in service.units { foreign.forget(unit.name) } }
    return problems
  }

  /// Everything that the shields of these services take care of.
  func paths(of services: [ServiceDefinition]) -> Set<String> {
    services.reduce(into: []) { paths, service in
      for shield in shields { paths.formUnion(shield.paths(service)) }
    }
  }

  /// Makes way for dpkg: files, records and the unit's own drop-in directories are let go of, the
  /// unit itself and the package's refusal to be removed are not.
  ///
  /// - Parameter landing: what a signed release lists, where nothing else is let go of.
  func openToPackages(
    _ service: ServiceDefinition, others: [ServiceDefinition], landing: Landing?
  ) -> [Problem] {
    guard service.isOpenToPackage else { return [] }
    let spared = paths(of: others)
    let closed = landing.map { fileShield.paths(service).subtracting($0.openPaths) } ?? []
    return (takesDropIns(service, landing) ? unitShield.openDirectories(service) : [])
      + packageShield.openToUpgrade(service, sparing: spared)
      + fileShield.release(service, sparing: spared.union(closed))
  }

  /// Whether dpkg may put drop-ins beside a service's packaged units.
  func takesDropIns(_ service: ServiceDefinition, _ landing: Landing?) -> Bool {
    guard let landing else { return true }
    return service.units.contains { landing.bringsInto("\(UnitPaths.packaged)/\($0.name).d") }
  }

  /// What a signed upgrade of a service is held to.
  func landing(_ released: ReleasedPackage, on origin: ServiceDefinition) -> Landing {
    Landing(released, on: origin, baseline: bench.baseline, packages: packages)
  }

  /// The service with what refuses its package's removal in place of a prerm that dpkg just brought;
  /// nil where nothing had to be done.
  func closedToRemoval(
    _ service: ServiceDefinition, released: ReleasedPackage?
  ) -> ServiceDefinition? {
    packageShield.closedToRemoval(service, released: released)
  }

  /// The service with its unit files as they are now; nil where one is not where it was.
  func refreshed(_ service: ServiceDefinition) -> ServiceDefinition? {
    var fresh = service
    fresh.isInPackageRun = false
    for (index, unit) in service.units.enumerated() {
      guard let path = unit.fragment?.path, let file = try? bench.baseline.take(path) else {
        return nil
      }
      fresh.units[index].fragment = file
      fresh.units[index].dropIns = unit.dropIns.compactMap { try? bench.baseline.take($0.path) }
    }
    return fresh
  }

  func inspect(_ service: ServiceDefinition, _ name: ShieldName) -> [Problem] {
    let covers = name == .file ? covers(service, places(service)).map(\.problem) : []
    return covers + selected([name]).flatMap { $0.inspect(service) }
  }

  /// What of these services has the immutable flag.
  func flagged(_ services: [ServiceDefinition]) -> Set<String> {
    services.reduce(into: []) { paths, service in
      for shield in shields { paths.formUnion(shield.flagged(service)) }
    }
  }

  func isWhole(_ service: ServiceDefinition, _ names: Set<ShieldName>) -> Bool {
    names.allSatisfy { inspect(service, $0).isEmpty }
  }

  /// Whether the unit shield's files stand, so that PID 1 speaks of them and not of the unit's own.
  func coversUnits(of service: ServiceDefinition) -> Bool {
    service.units.contains { Files.exists("\(UnitPaths.control)/\($0.name)") }
  }

  /// The service as it is now, baseline included, and where its parts were found.
  func derive(
    _ facts: [UnitFacts], wishes: DerivingWishes, upgrades: UpgradePolicy, addedBy: AddedBy,
    known: [ServiceDefinition]
  ) throws(SystemError) -> Derivation {
    var derivation = try deriving.derive(
      facts, wishes: wishes, open: openDirectory, known: known, upgrades: upgrades,
      addedBy: addedBy)
    derivation.service.mounts =
      Covers(mounts: try Mounts.all()).underneath(places(derivation.service))
    return derivation
  }

  /// The service with one more file in its baseline; nil where it has that, or there is none.
  func add(_ path: String, to service: ServiceDefinition) throws(SystemError) -> ServiceDefinition?
  {
    guard !service.everyFile.contains(where: { $0.path == path }),
      let file = try bench.baseline.take(path)
    else { return nil }
    var extended = service
    extended.programs.append(file)
    return extended
  }

  /// Whether anything of the unit or package shield is in place.
  func stands(_ service: ServiceDefinition) -> Bool {
    coversUnits(of: service) || packageShield.stands(service)
  }

  /// How the machine differs from a baseline, flags and what is ours left aside.
  func differences(_ service: ServiceDefinition) -> [Problem] {
    shields.flatMap { $0.differences(service) }
  }

  func keepOnly(_ definitions: [ServiceDefinition]) {
    bench.baseline.prune(keeping: definitions)
    bench.baseline.saveStamps()
  }
}

// MARK: Mounts

extension ShieldBoard {
  /// Before anything else: what is covered can neither be looked at nor mended.
  private func uncover(_ service: ServiceDefinition) -> Engagement {
    var result = Engagement()
    let paths = places(service)
    var stuck: Set<String> = []
    // Found anew after each: one that is taken away may take others along, and to go on by what was
    // found before would take away the host's own in their place. What is left for now is found by
    // the next look.
    for _ in 0..<64 {
      guard
        let finding = covers(service, paths).first(where: { !stuck.contains($0.problem.path) })
      else { break }
      do throws(SystemError) {
        try finding.undo()
        result.mended.append(finding.problem)
      } catch {
        stuck.insert(finding.problem.path)
        result.problems.append(
          Problem(path: finding.problem.path, what: "\(finding.problem.what): \(error)"))
      }
    }
    // PID 1 may have read its unit files while ours could not be seen.
    result.needsReload = result.mended.contains(where: \.isVisible)
    return result
  }

  private func covers(_ service: ServiceDefinition, _ paths: Set<String>) -> [Covers.Finding] {
    let isOwn = service.unit == Own.service
    let places = Covers.places(of: paths).union(isOwn ? Covers.kernelPlaces : [])
    guard let mounts = try? Mounts.all(at: places) else { return [] }
    let covers = Covers(mounts: mounts)
    return covers.find(service, paths) + (isOwn ? covers.findOverKernelMounts() : [])
  }

  /// Every path that may not be covered.
  private func places(_ service: ServiceDefinition) -> Set<String> {
    shields.reduce(into: service.unit == Own.service ? [state] : []) { paths, shield in
      paths.formUnion(shield.paths(service))
    }
  }
}

extension ShieldBoard {
  /// Whether the unit files of a service are what its baseline says.
  func unitFilesUnchanged(_ service: ServiceDefinition) -> Bool {
    service.units.allSatisfy { unit in
      guard let fragment = unit.fragment else { return false }
      return ([fragment] + unit.dropIns).allSatisfy { bench.baseline.isUnchanged($0) }
    }
  }

  /// Facts as they are without Holdfast: where PID 1 speaks of our copy of a unit file, the file
  /// that it is a copy of.
  func ownFacts(_ facts: UnitFacts, of service: ServiceDefinition) -> UnitFacts {
    var own = facts
    let unit = service.units.first { $0.name == facts.name }
    if facts.fragment == "\(UnitPaths.control)/\(facts.name)" {
      let names = [facts.name, UnitPaths.template(of: facts.name)].compactMap(\.self)
      let others = names.flatMap { name in UnitPaths.all.dropFirst().map { "\($0)/\(name)" } }
      own.fragment = unit?.fragment?.path ?? others.first(where: Files.exists) ?? facts.fragment
    }
    // Ours stand in for shared ones of their name, which count.
    let shared = unit?.sharedDropIns.map(\.path) ?? []
    own.dropIns = facts.dropIns.compactMap { path in
      guard isOurs(path, facts.name) else { return path }
      return shared.first { $0.split(separator: "/").last == path.split(separator: "/").last }
    }
    return own
  }

  /// The drop-ins that PID 1 has in effect which are neither ours nor in the baseline. From now on
  /// the unit shield keeps their names out of effect.
  func foreignDropIns(_ facts: UnitFacts, _ unit: ProtectedUnit) -> [String] {
    let kept = unit.knownDropIns
    let paths = facts.dropIns.filter { path in
      !isOurs(path, unit.name) && !kept.contains(path)
        && !kept.contains(Deriving.canonical(path))
    }
    for path in paths { foreign.note(path, of: unit.name) }
    return paths
  }

  private func isOurs(_ path: String, _ unit: String) -> Bool {
    path.hasPrefix("\(UnitPaths.control)/\(unit).d/")
  }
}

extension ShieldBoard {
  /// Whether the unit shield of Holdfast itself stands, which only an enrolled host has.
  var guardsHoldfast: Bool {
    Files.exists("\(UnitPaths.control)/\(Own.service).d/\(DropIn.fileName)")
  }

  /// The first drop-in that no package ships and that changes what is run.
  func firstOverride(_ service: ServiceDefinition) -> String? {
    let dropIns = service.units.flatMap(\.dropIns)
    let owners = packages.owners(of: dropIns.map(\.path))
    return dropIns.first { file in
      guard owners[file.path] == nil else { return false }
      let text = (try? Files.text(file.path, limit: 1 << 20)) ?? "Exec"
      return text.split(separator: "\n").contains { line in
        ["Exec", "Root", "Environment", "Bind"].contains { line.drop { $0 == " " }.hasPrefix($0) }
      }
    }?.path
  }

  /// The first of the unit file and the programs that is not as an installed package shipped it.
  func firstNotAsShipped(_ service: ServiceDefinition) -> String? {
    let files = service.units.compactMap(\.fragment) + service.programs
    let owners = packages.owners(of: files.map(\.path))
    for file in files {
      guard let stem = owners[file.path], let owner = packages.entry(stem: stem) else {
        return file.path
      }
      // No sum: a conffile, which is the administrator's to change.
      guard let sum = packages.shippedSum(of: file.path, in: owner) else { continue }
      guard (try? MD5.hex(ofFile: file.path)) == sum else { return file.path }
    }
    return nil
  }
}

extension ShieldBoard {
  /// Takes away unit shields of what is not protected here: a backup that was restored may hold some.
  ///
  /// - Returns: their paths.
  func removeStrays(known: [ServiceDefinition]) -> [String] {
    let units = Set(known.flatMap(\.units).map(\.name))
    var removed: [String] = []
    for name in (try? Files.list(UnitPaths.control)) ?? [] {
      let path = "\(UnitPaths.control)/\(name)"
      let isDropIn = name.hasSuffix(".d") && Files.exists("\(path)/\(DropIn.fileName)")
      let unit = isDropIn ? String(name.dropLast(2)) : name
      guard !units.contains(unit), unit != "-.slice",
        isDropIn || (try? InodeFlags.isImmutable(path)) == true,
        (try? bench.remove(path)) != nil
      else { continue }
      removed.append(path)
    }
    return removed
  }
}
