/// What is on a simulated disk: files and directories as a program sees them, and what of that would
/// be left after a power cut.
///
/// The rules are those of ext4 and xfs. Names, flags and modes are journalled: they reach the disk in
/// the order in which they were changed, and syncing a file or directory takes along all such changes
/// up to its own last one. What is written into a file reaches the disk when that file is synced, or
/// by chance, whole or in part.
package struct DiskContents: Sendable {
  /// As a program sees it.
  package private(set) var seen = DiskTree()
  /// As it is for certain after a power cut.
  package private(set) var kept = DiskTree()
  /// What lies between the two, in order.
  private var pending: [DiskChange] = []

  package init() {}

  mutating func apply(_ change: DiskChange) {
    seen.apply(change)
    pending.append(change)
  }

  /// What fsync(2) of a file or directory brings about.
  mutating func sync(_ node: Int) {
    let last = pending.lastIndex { !$0.isContent && $0.nodes.contains(node) }
    pending = pending.enumerated().filter { index, change in
      let isDue = change.isContent ? change.nodes == [node] : index <= (last ?? -1)
      if isDue { kept.apply(change) }
      return !isDue
    }.map(\.element)
    if pending.isEmpty { kept = seen }
  }

  /// What a power cut now may lose, in order, in words that are the same on any disk with the same
  /// files.
  package var pendingInWords: String {
    var names = seen.paths
    return pending.map { change in
      let nodes = change.nodes.map { node in
        names[node, default: "\(names.count)"]
      }
      for node in change.nodes where names[node] == nil { names[node] = "\(names.count)" }
      return "\(change.kind) \(nodes)"
    }.joined(separator: ";")
  }

  /// How many changes a power cut now may lose.
  package var pendingCount: Int { pending.count }

  /// The same after sync(2).
  package var synced: DiskContents {
    var contents = self
    (contents.kept, contents.pending) = (seen, [])
    return contents
  }

  /// Whether a power cut now would lose anything.
  package var isSynced: Bool { pending.isEmpty }

  /// What may be found after a power cut now: every number of journalled changes that may have been
  /// written, with each file's unsynced contents on the disk, not there, or in part.
  ///
  /// - Parameter most: of more ways than that, some, evenly spread, the first and the last included.
  package func afterPowerCut(most: Int = .max) -> [DiskContents] {
    let journalled = pending.count { !$0.isContent }
    return left((0...journalled).flatMap { count in chances().map { (count, $0) } }, most: most)
  }

  /// Of the same only what could not be found before the last change, whatever that was.
  package func afterPowerCutSinceLastChange(most: Int = .max) -> [DiskContents] {
    let journalled = pending.count { !$0.isContent }
    switch pending.last {
    case nil: return []
    case let last? where last.isContent:
      return left(
        (0...journalled).flatMap { count in chances(of: last.nodes).map { (count, $0) } },
        most: most)
    default: return left(chances().map { (journalled, $0) }, most: most)
    }
  }

  /// Every way in which the unsynced files may be found, of those that are named not the old one.
  private func chances(of changed: [Int] = []) -> [[(file: Int, chance: Chance)]] {
    Set(pending.filter(\.isContent).flatMap(\.nodes)).sorted().reduce([[]]) { ways, file in
      ways.flatMap { way in
        Chance.allCases.filter { $0 != .lost || !changed.contains(file) }.map {
          way + [(file, $0)]
        }
      }
    }
  }

  private func left(
    _ ways: [(journalled: Int, chances: [(file: Int, chance: Chance)])], most: Int = .max
  ) -> [DiskContents] {
    let journalled = pending.filter { !$0.isContent }
    let count = min(ways.count, max(2, most))
    var found: Set<DiskTree> = []
    var ordered: [DiskContents] = []
    for number in 0..<count {
      let way = ways[count == 1 ? 0 : number * (ways.count - 1) / (count - 1)]
      var left = kept
      for change in journalled.prefix(way.journalled) { left.apply(change) }
      for (file, chance) in way.chances {
        let changes = pending.filter { $0.isContent && $0.nodes == [file] }
        for change in chance.left(of: changes) { left.apply(change) }
      }
      left.dropUnnamed()
      guard found.insert(left).inserted else { continue }
      var contents = DiskContents()
      (contents.seen, contents.kept) = (left, left)
      ordered.append(contents)
    }
    return ordered
  }

  /// What becomes of contents that nobody synced.
  private enum Chance: CaseIterable {
    case lost, written, torn

    func left(of changes: [DiskChange]) -> [DiskChange] {
      switch self {
      case .lost: return []
      case .written: return changes
      case .torn:
        guard let last = changes.last else { return [] }
        return changes.dropLast() + [last.torn]
      }
    }
  }
}

/// One change of a disk.
enum DiskChange: Sendable {
  case make(node: Int, isDirectory: Bool, mode: UInt32, parent: Int, name: String)
  case link(node: Int, parent: Int, name: String)
  case remove(parent: Int, name: String, node: Int)
  case move(node: Int, from: (parent: Int, name: String), to: (parent: Int, name: String))
  case mode(node: Int, UInt32)
  case flags(node: Int, UInt32)
  case write(node: Int, offset: Int, [UInt8])
  case truncate(node: Int, size: Int)
  case allocate(node: Int, end: Int)

  /// Of a file's contents, rather than of what the file system journals.
  var isContent: Bool {
    switch self {
    case .write, .truncate, .allocate: true
    case .make, .link, .remove, .move, .mode, .flags: false
    }
  }

  var kind: String {
    switch self {
    case .make: "make"
    case .link(_, _, let name): "link \(name)"
    case .remove(_, let name, _): "remove \(name)"
    case .move(_, let from, let to): "move \(from.name) \(to.name)"
    case .mode(_, let mode): "mode \(mode)"
    case .flags(_, let flags): "flags \(flags)"
    case .write(_, let offset, let bytes): "write \(offset) \(bytes.count)"
    case .truncate(_, let size): "truncate \(size)"
    case .allocate(_, let end): "allocate \(end)"
    }
  }

  var nodes: [Int] {
    switch self {
    case .make(let node, _, _, let parent, _), .link(let node, let parent, _),
      .remove(let parent, _, let node):
      [node, parent]
    case .move(let node, let from, let to): [node, from.parent, to.parent]
    case .mode(let node, _), .flags(let node, _), .write(let node, _, _), .truncate(let node, _),
      .allocate(let node, _):
      [node]
    }
  }

  /// Half of it, where it can be had in part.
  var torn: DiskChange {
    guard case .write(let node, let offset, let bytes) = self else { return self }
    return .write(node: node, offset: offset, Array(bytes.prefix(bytes.count / 2)))
  }
}

/// Files and directories by number; 1 is the root.
package struct DiskTree: Sendable, Hashable {
  struct Node: Sendable, Equatable {
    var isDirectory: Bool
    var mode: UInt32
    var flags: UInt32 = 0
    var bytes = FileBytes()
    /// Set aside for it, from its beginning.
    var allocated = 0
    var entries: [String: Int] = [:]
  }

  private(set) var nodes: [Int: Node] = [1: Node(isDirectory: true, mode: 0o755)]
  /// How often each was changed.
  private(set) var versions: [Int: Int] = [:]

  package static func == (left: DiskTree, right: DiskTree) -> Bool { left.nodes == right.nodes }
  package func hash(into hasher: inout Hasher) {
    // Not what is in the files: most of it is zeros, and there is much of it.
    for (number, node) in nodes.sorted(by: { $0.key < $1.key }) {
      hasher.combine(number)
      hasher.combine(node.flags)
      hasher.combine(node.bytes.count)
      hasher.combine(node.entries)
    }
  }

  /// The number of what a path leads to, and of what it lies in.
  func find(_ path: String) -> (parent: Int, name: String, node: Int?)? {
    var (parent, name) = (1, "")
    var node: Int? = 1
    for part in path.split(separator: "/").dropFirst() {
      guard let inner = node, nodes[inner]?.isDirectory == true else { return nil }
      (parent, name) = (inner, String(part))
      node = nodes[inner]?.entries[name]
    }
    return (parent, name, node)
  }

  /// The contents of a file; nil where there is none.
  package func bytes(_ path: String) -> [UInt8]? {
    find(path)?.node.flatMap { nodes[$0] }.flatMap { $0.isDirectory ? nil : $0.bytes.all }
  }

  /// The names in a directory; none where there is none.
  package func names(_ path: String) -> [String] {
    find(path)?.node.flatMap { nodes[$0] }?.entries.keys.sorted() ?? []
  }

  /// Where each node is.
  var paths: [Int: String] {
    var found = [1: ""]
    var open = [1]
    while let next = open.popLast() {
      for (name, node) in nodes[next]?.entries ?? [:] where found[node] == nil {
        found[node] = "\(found[next] ?? "")/\(name)"
        open.append(node)
      }
    }
    return found
  }

  /// Bytes that files take, or that are set aside for them.
  var used: Int {
    nodes.values.reduce(0) { $0 + max($1.allocated, $1.bytes.count) }
  }

  mutating func apply(_ change: DiskChange) {
    for node in change.nodes { versions[node, default: 0] += 1 }
    switch change {
    case .make(let node, let isDirectory, let mode, let parent, let name):
      // There already where its contents were synced before its name was.
      nodes[node, default: Node(isDirectory: isDirectory, mode: mode)].mode = mode
      nodes[parent]?.entries[name] = node
    case .link(let node, let parent, let name): nodes[parent]?.entries[name] = node
    case .remove(let parent, let name, _): nodes[parent]?.entries[name] = nil
    case .move(let node, let from, let to):
      nodes[from.parent]?.entries[from.name] = nil
      nodes[to.parent]?.entries[to.name] = node
    case .mode(let node, let mode): nodes[node]?.mode = mode
    case .flags(let node, let flags): nodes[node]?.flags = flags
    case .write(let node, let offset, let bytes):
      alter(node) { $0.bytes.write(bytes, at: offset) }
    case .truncate(let node, let size):
      alter(node) { file in
        file.bytes.resize(to: size)
        file.allocated = min(file.allocated, size)
      }
    case .allocate(let node, let end):
      alter(node) { $0.allocated = max($0.allocated, end) }
    }
  }

  private mutating func alter(_ node: Int, _ body: (inout Node) -> Void) {
    body(&nodes[node, default: Node(isDirectory: false, mode: 0o600)])
  }

  /// Files whose name did not reach the disk are not there.
  mutating func dropUnnamed() {
    var named: Set<Int> = []
    var open = [1]
    while let next = open.popLast() {
      named.insert(next)
      open += nodes[next]?.entries.values.map(\.self) ?? []
    }
    let left = nodes.filter { named.contains($0.key) }
    nodes = left.mapValues { node in
      var node = node
      node.entries = node.entries.filter { left[$0.value] != nil }
      return node
    }
  }
}
