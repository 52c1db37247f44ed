internal import Linux
internal import Protection

/// Notices when something changes where the shields have an interest, by inotify(7).
///
/// It says only that something happened; what it was, an inspection finds out. Watches follow
/// directories that are removed and made again.
final class FileWatch {
  private final class Watched {
    let inode: UInt64
    /// The names that matter; nil for all of them.
    var names: Set<String>?
    var source: EventSource?

    init(inode: UInt64, names: Set<String>?) {
      self.inode = inode
      self.names = names
    }
  }

  private let loop: EventLoop
  private let changed: () -> Void
  private var watched: [String: Watched] = [:]

  init(loop: EventLoop, changed: @escaping () -> Void) {
    self.loop = loop
    self.changed = changed
  }

  /// Watches exactly these directories, as far as they exist now.
  ///
  /// - Parameter names: for each directory the names that matter; nil for all of them.
  func update(_ directories: [String: Set<String>?]) {
    for path in watched.keys where directories[path] == nil { watched[path] = nil }
    for (path, names) in directories {
      guard let status = try? Files.status(path, follow: true), status.kind == .directory else {
        watched[path] = nil
        continue
      }
      if let known = watched[path], known.inode == status.inode {
        known.names = names
        continue
      }
      let entry = Watched(inode: status.inode, names: names)
      entry.source = try? loop.onInotify(path: path, mask: Self.mask) {
        [weak self, weak entry] event in
        if let names = entry?.names, let name = event.name, !names.contains(name) { return }
        self?.changed()
      }
      watched[path] = entry.source == nil ? nil : entry
    }
  }

  private static let mask: InotifyMask = [
    .modify, .closeWrite, .attributes, .movedFrom, .movedTo, .create, .delete, .deleteSelf,
    .moveSelf,
    .onlyDirectory,
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
