internal import Linux
internal import Protection

/// Notices when something changes where the shields have an interest, by inotify(7).
///
/// It says only that something happened; what it was, an inspection finds out. Watches follow
/// directories that are removed and made again.
final class FileWatch {
  /// What one inode is watched for.
  private struct Watched {
    /// As a directory: the names in it that matter; nil for all of them.
    var names: Set<String>?
    var isDirectory = false
    /// Flagged immutable: clearing the flag sends no event, but whoever does it has to open the
    /// file, and closes it again.
    var flagged: String?
    /// The inode's change time when the flag was last found missing.
    var lost: Int64 = 0
  }

  private let changed: () -> Void
  private var queue: InotifyQueue?
  private var watched: [Int32: Watched] = [:]
  private var directories: [String: (inode: UInt64, watch: Int32)] = [:]
  private var flagged: [String: Int32] = [:]

  init(loop: EventLoop, changed: @escaping () -> Void) {
    self.changed = changed
    queue = try? InotifyQueue(loop: loop) { [weak self] watch, event in self?.take(watch, event) }
  }

  /// Watches exactly these, as far as they exist now.
  ///
  /// - Parameters:
  ///   - wanted: directories, and for each the names that matter; nil for all of them.
  ///   - flagged: paths that have the immutable flag.
  func update(_ wanted: [String: Set<String>?], flagged wantedFlags: Set<String>) {
    for (path, known) in directories where wanted[path] == nil {
      directories[path] = nil
      drop(known.watch) { $0.isDirectory = false }
    }
    for (path, watch) in flagged where !wantedFlags.contains(path) {
      flagged[path] = nil
      drop(watch) { $0.flagged = nil }
    }
    for (path, names) in wanted { follow(path, names) }
    for path in wantedFlags where flagged[path] == nil {
      guard let watch = try? queue?.add(path, [.closeNoWrite, .attributes, .moveSelf, .dontFollow])
      else { continue }
      flagged[path] = watch
      watched[watch, default: Watched()].flagged = path
    }
  }

  private func follow(_ path: String, _ names: Set<String>?) {
    let status = (try? Files.status(path, follow: true)) ?? nil
    if let known = directories[path] {
      if known.inode == status?.inode {
        watched[known.watch]?.names = names
        return
      }
      directories[path] = nil
      drop(known.watch) { $0.isDirectory = false }
    }
    guard let status, status.kind == .directory, let watch = try? queue?.add(path, Self.mask) else {
      return
    }
    directories[path] = (status.inode, watch)
    watched[watch, default: Watched()].isDirectory = true
    watched[watch]?.names = names
  }

  private func drop(_ watch: Int32, _ change: (inout Watched) -> Void) {
    guard var entry = watched[watch] else { return }
    change(&entry)
    if entry.isDirectory || entry.flagged != nil {
      watched[watch] = entry
    } else {
      watched[watch] = nil
      queue?.remove(watch)
    }
  }

  private func take(_ watch: Int32?, _ event: InotifyEvent) {
    guard let watch else { return changed() }  // events were lost
    guard let entry = watched[watch] else { return }
    if !event.mask.isDisjoint(with: [.ignored, .moveSelf, .unmount]) {
      // Gone, or another by now: the next update looks at the names again.
      forget(watch)
      return changed()
    }
    if let path = entry.flagged, event.name == nil {
      // Reading is no damage, and our own looks end here.
      let isRead = event.mask.subtracting([.closeNoWrite, .isDirectory]).isEmpty
      if isRead, !hasLostFlag(path, watch) { return }
      return changed()
    }
    guard entry.isDirectory, !event.mask.contains(.closeNoWrite) else { return }
    if let names = entry.names, let name = event.name, !names.contains(name) { return }
    changed()
  }

  /// Whether the flag was cleared since this was last asked; where it cannot be had, or not be set
  /// again, asking once was enough.
  private func hasLostFlag(_ path: String, _ watch: Int32) -> Bool {
    guard (try? InodeFlags.isImmutable(path)) == false,
      let now = ((try? Files.status(path)) ?? nil)?.ctime, watched[watch]?.lost != now
    else { return false }
    watched[watch]?.lost = now
    return true
  }

  private func forget(_ watch: Int32) {
    if let path = watched[watch]?.flagged { flagged[path] = nil }
    for (path, known) in directories where known.watch == watch { directories[path] = nil }
    watched[watch] = nil
    queue?.remove(watch)
  }

  private static let mask: InotifyMask = [
    .modify, .closeWrite, .attributes, .movedFrom, .movedTo, .create, .delete, .deleteSelf,
    .moveSelf, .onlyDirectory,
  ]
}

/// Where to look for changes that concern the given services.
enum WatchList {
  static func directories(for services: [ServiceDefinition]) -> [String: Set<String>?] {
    guard !services.isEmpty else { return [:] }
    var list: [String: Set<String>?] = [:]
    for directory in UnitPaths.all { list[directory] = .some(nil) }
    // Where the unit directories themselves come and go.
    for parent in ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"] {
      list[parent] = .some(nil)
    }
    for service in services {
      for unit in service.units {
        let shared = UnitPaths.sharedDropInDirectories(of: unit.name)
        for directory in UnitPaths.all {
          list["\(directory)/\(unit.name).d"] = .some(nil)
          for name in shared { list["\(directory)/\(name)"] = .some(nil) }
        }
        list["\(UnitPaths.control)/init.scope.d"] = .some(nil)
        for link in unit.links { add(link.path, to: &list) }
        for file in [unit.fragment].compactMap({ $0 }) + unit.dropIns { add(file.path, to: &list) }
      }
      for file in service.programs + service.settings { add(file.path, to: &list) }
      if let package = service.package {
        for record in package.records { add(record.path, to: &list) }
        add(package.prermPath, to: &list)
        list["/etc/apt/preferences.d"] = .some(nil)
      }
    }
    return list
  }

  /// Only the file's own name: its directory may be one that others are busy in.
  private static func add(_ path: String, to list: inout [String: Set<String>?]) {
    let directory = Files.directory(of: path)
    guard let slash = path.lastIndex(of: "/") else { return }
    let name = String(path[path.index(after: slash)...])
    switch list[directory] {
    case .some(.none): return  // all of it already
    case .some(.some(let names)): list[directory] = .some(names.union([name]))
    case .none: list[directory] = .some([name])
    }
  }
}
