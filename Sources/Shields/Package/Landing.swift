internal import Linux
package import Protection

/// What a signed upgrade has come to: whether what dpkg brought is what the release lists, and
/// nothing else of the service is another.
///
/// All of it is looked at after the run, so that nothing depends on what was looked at before it.
package struct Landing {
  private let released: ReleasedPackage
  private let origin: ServiceDefinition
  private let baseline: BaselineStore
  private let packages: PackageDatabase
  /// What was protected, and what the package shipped, before.
  private let before: [String: String]
  private let shippedBefore: Set<String>

  /// - Parameter origin: the service as it was before.
  package init(
    _ released: ReleasedPackage, on origin: ServiceDefinition, baseline: BaselineStore,
    packages: PackageDatabase
  ) {
    self.released = released
    self.origin = origin
    self.baseline = baseline
    self.packages = packages
    before = Dictionary(
      origin.ownFiles.map { ($0.path, $0.hash) }, uniquingKeysWith: { first, _ in first })
    let list = origin.package?.records.first { $0.path.hasSuffix(".list") }
    let text = list.flatMap { try? Files.text(baseline.path(of: $0.hash), limit: 64 << 20) }
    shippedBefore = Set(PackageDatabase.lines(text ?? ""))
  }

  // MARK: While dpkg is at it

  /// What dpkg may put there, or take away: what the release lists, and what the package shipped.
  package var openPaths: Set<String> { Set(released.files.keys).union(shippedBefore) }

  /// Whether the release has something for a directory.
  package func bringsInto(_ directory: String) -> Bool {
    (Array(released.files.keys) + Array(released.links.keys)).contains {
      $0.hasPrefix("\(directory)/")
    }
  }

  /// Puts back what is neither as it was nor as it is to become. dpkg replaces a file in one step, so
  /// that it is never anything else.
  package func putBack() -> [Problem] {
    var found: [Problem] = []
    for file in keptFiles {
      guard let hash = (try? baseline.hash(file.path)) ?? nil,
        hash != file.hash, hash != released.files[file.path],
        (try? baseline.restore(file)) != nil
      else { continue }
      found.append(
        Problem(path: file.path, what: "was not what its release lists", reachesService: true))
    }
    for path in strayDropIns where (try? Files.remove(path)) != nil {
      found.append(Problem(path: path, what: "was put there", reachesService: true))
    }
    return found
  }

  /// Drop-ins beside the packaged units that nobody knows of.
  private var strayDropIns: [String] {
    let known = origin.units.reduce(into: Set<String>()) { $0.formUnion($1.knownDropIns) }
    return origin.units.flatMap { unit in
      let folder = "\(UnitPaths.packaged)/\(unit.name).d"
      return ((try? Files.list(folder)) ?? []).filter { $0.hasSuffix(".conf") }
        .map { "\(folder)/\($0)" }
    }.filter {
      !known.contains($0) && released.files[$0] == nil && released.links[$0] == nil
    }
  }

  /// Whether the unit files and drop-ins of a service may be gone by.
  package func allowsUnits(_ service: ServiceDefinition) -> Bool {
    service.units.flatMap { [$0.fragment].compactMap(\.self) + $0.dropIns }
      .allSatisfy(isAccounted)
  }

  // MARK: After it

  /// What of the disk is not as it has to be, in sentences. `current` is the service as it was gone
  /// by until now, with the prerm that ours stands in for.
  package func oddities(current: ServiceDefinition) -> [String] {
    guard let package = origin.package else { return ["it belongs to no package any more"] }
    let entry = packages.entry(stem: package.stem)
    guard let entry, entry.version == released.version,
      entry.architecture == released.architecture
    else {
      return [
        "dpkg has \(package.name) \(entry?.version ?? "half-installed"), not \(released.version)"
      ]
    }
    return scriptOddities(package.stem, current) + fileOddities(Set(entry.conffiles))
      + strangers(package.stem) + keptOddities()
  }

  private func scriptOddities(_ stem: String, _ current: ServiceDefinition) -> [String] {
    ReleasedPackage.scriptNames.compactMap { name in
      let path = packages.script(name, of: stem)
      let hash =
        name == "prerm" && PackageShield.isRefusal(path)
        ? current.package?.prerm?.hash : (try? baseline.hash(path)) ?? nil
      return hash == released.scripts[name]
        ? nil : "the script \(name) is not the one that the release lists"
    }
  }

  private func fileOddities(_ conffiles: Set<String>) -> [String] {
    let diverted = packages.diverted
    return released.files.sorted { $0.key < $1.key }.compactMap { path, hash in
      guard !diverted.contains(path) else { return nil }
      let found = (try? baseline.hash(path)) ?? nil
      if found == hash { return nil }
      guard let kept = before[path] else {
        // Never protected: left out by dpkg's path-exclude, or an administrator's own version.
        return found == nil && !Files.exists(path) || conffiles.contains(path)
          ? nil : "\(path) is not as the release lists it"
      }
      // An administrator's version of a conffile stays, as it was.
      if conffiles.contains(path), found == kept { return nil }
      return "\(path) is not as the release lists it"
    }
  }

  /// What came and is not listed.
  private func strangers(_ stem: String) -> [String] {
    guard let list = packages.list(of: stem) else { return ["dpkg has no list of its files"] }
    return list.compactMap { path in
      guard released.files[path] == nil, released.links[path] == nil, before[path] == nil,
        Files.exists(path), !Files.isDirectory(path)
      else { return nil }
      return "\(path) is not listed in the release"
    }
  }

  /// What was protected and is not of the new version.
  private func keptOddities() -> [String] {
    keptFiles.compactMap { file in
      guard released.files[file.path] == nil else { return nil }
      let hash = (try? baseline.hash(file.path)) ?? nil
      if hash == file.hash || (hash == nil && shippedBefore.contains(file.path)) { return nil }
      return "\(file.path) is neither as it was nor listed in the release"
    }
  }

  /// What of a new baseline is neither of the release nor as it was.
  package func oddities(in new: ServiceDefinition) -> [String] {
    guard new.package?.name == origin.package?.name, new.package?.version == released.version
    else { return ["\(new.unit) is not of \(released.name) \(released.version) any more"] }
    var odd: [String] = []
    if new.package?.prerm?.hash != released.scripts["prerm"] {
      odd.append("the script prerm is not the one that the release lists")
    }
    let same = Dictionary(
      keptFiles.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for file in new.ownFiles where !file.path.hasPrefix("/run/") {
      if !isAccounted(file) {
        odd.append("\(file.path) is neither as it was nor listed in the release")
      } else if !Self.isSafe(file, same[file.path]) {
        odd.append("\(file.path) has an owner or a mode that lets others change it")
      }
    }
    let links = Set(origin.units.flatMap(\.links).map(\.path))
    for link in new.units.flatMap(\.links)
    where Files.directory(of: link.path).hasSuffix(".d") && !links.contains(link.path)
      && released.links[link.path] != link.target
    {
      odd.append("\(link.path) is not listed in the release")
    }
    return odd
  }

  /// A new baseline with what was protected before and is still shipped.
  package func completed(_ new: ServiceDefinition) -> ServiceDefinition {
    var whole = new
    let paths = Set(new.ownFiles.map(\.path))
    for file in origin.programs + origin.settings
    where released.files[file.path] != nil && !paths.contains(file.path) {
      if let taken = (try? baseline.take(file.path)) ?? nil { whole.programs.append(taken) }
    }
    return whole
  }

  // MARK: Small words

  private var keptFiles: [KeptFile] { origin.ownFiles }

  private func isAccounted(_ file: KeptFile) -> Bool {
    released.files[file.path] == file.hash || before[file.path] == file.hash
  }

  /// The same owner and mode as before, or root's alone to write and to become.
  private static func isSafe(_ file: KeptFile, _ before: KeptFile?) -> Bool {
    if let before, (before.mode, before.uid, before.gid) == (file.mode, file.uid, file.gid) {
      return true
    }
    return file.uid == 0 && file.mode & 0o6022 == 0
  }
}

extension ServiceDefinition {
  /// Its files, without what dpkg keeps of its package.
  fileprivate var ownFiles: [KeptFile] {
    units.flatMap { [$0.fragment].compactMap { $0 } + $0.dropIns } + programs + settings
  }
}
