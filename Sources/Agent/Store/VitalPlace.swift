internal import JSON
internal import Linux

/// One of the two directories that hold the vital part of the state: trust, definitions, accepted
/// settings, notices, and the seal over them. Its files are immutable, and so are its directories
/// where nothing else lives in them.
///
/// Every method leaves the flags as they should be, and gets along without where there are none.
final class VitalPlace {
  let directory: String
  /// Nothing but the vital files is in it.
  private let isOwn: Bool
  /// What was read of each file, for as long as its inode stays as it was.
  private var looks: [String: Look] = [:]
  /// The seal's inode when it was last written or believed; nil until then.
  private var sealed: FileStatus?

  private struct Look {
    let inode: FileStatus
    let hash: String
    let isUnflagged: Bool
  }

  static let singles = ["trust.json", "notices.json", "machine.json", "ledger.key"]
  static let folders = ["guards", "releases", "accepted", "accepted/services.d"]
  static let sealName = "seal"

  init(directory: String, isOwn: Bool) {
    self.directory = directory
    self.isOwn = isOwn
  }

  /// Of the directory itself for an empty name.
  func path(_ name: String) -> String { name.isEmpty ? directory : "\(directory)/\(name)" }

  // MARK: Reading

  /// The vital files there are, by name.
  func names() -> [String] {
    Self.singles.filter { isFile($0) }
      + Self.folders.flatMap { folder in
        ((try? Files.list(path(folder))) ?? [])
          // What was being written when everything ended is nobody's.
          .filter { !$0.hasPrefix(".holdfast-") }
          .map { "\(folder)/\($0)" }.filter { !Self.folders.contains($0) }
      }
  }

  private func isFile(_ name: String) -> Bool { Files.exists(path(name)) }

  func hashes() -> [String: String] {
    var found: [String: String] = [:]
    for name in names() { found[name] = look(name)?.hash ?? "" }
    return found
  }

  private func look(_ name: String) -> Look? {
    guard let inode = try? Files.status(path(name)), inode.kind == .regular else { return nil }
    if let look = looks[name], look.inode == inode { return look }
    guard let bytes = read(name) else { return nil }
    let look = Look(
      inode: inode, hash: SHA256Hash.hex(SHA256Hash.of(bytes)), isUnflagged: isUnflagged(name))
    looks[name] = look
    return look
  }

  func read(_ name: String) -> [UInt8]? {
    guard let status = try? Files.status(path(name)), status.kind == .regular else { return nil }
    return try? Files.read(path(name), limit: 4 << 20)
  }

  func hash(_ name: String) -> String? { look(name)?.hash }

  func seal() -> Seal? {
    guard let bytes = read(Self.sealName), let text = Slots.newest(in: bytes),
      let json = try? JSON.parse(text)
    else { return nil }
    return Seal(json: json)
  }

  // MARK: Writing

  func write(_ name: String, _ bytes: [UInt8]) throws(SystemError) {
    try inFolder(of: name) { () throws(SystemError) in
      try clear(name)
      try Files.writeAtomically(path(name), bytes, mode: 0o600, sync: true)
    }
    settle(name)
  }

  func remove(_ name: String) throws(SystemError) {
    try inFolder(of: name) { () throws(SystemError) in
      try clear(name)
      do throws(SystemError) {
        try Files.remove(path(name))
        // Else a power cut brings it back, and it is not what the seal says any more.
        try Files.syncDirectory(Files.directory(of: path(name)))
      } catch  where error.isMissing {}
    }
  }

  /// On the disk when it returns, on a full one too.
  func rename(_ from: String, to: String) throws(SystemError) {
    try inFolder(of: to) { () throws(SystemError) in
      try clear(from)
      try clear(to)
      try Files.rename(path(from), to: path(to))
      try Files.syncDirectory(Files.directory(of: path(to)))
    }
    settle(to)
  }

  func write(_ seal: Seal) throws(SystemError) {
    var seal = seal
    var text = seal.json.encodedBytes()
    while text.count > Slots.capacity, !seal.spent.isEmpty {
      seal.spent.removeFirst()
      text = seal.json.encodedBytes()
    }
    guard text.count <= Slots.capacity else {
      throw SystemError(errno: ErrorNumber.fileTooLarge, operation: "seal \(directory)")
    }
    try overwrite(
      Self.sealName, Slots.encode(text, counter: seal.generation), size: 2 * Slots.size)
  }

  /// Writes one slot of a file of `size` bytes in place, on a full disk too; on the disk when it
  /// returns.
  func overwrite(
    _ name: String, _ slot: (bytes: [UInt8], offset: Int), size: Int
  ) throws(SystemError) {
    let path = path(name)
    if try Files.status(path).map({ $0.kind != .regular || $0.size < Int64(size) }) ?? true {
      // Written, not only reserved, so that no full disk keeps it from being written over.
      try write(name, [UInt8](repeating: 0, count: size))
    }
    try clear(name)
    let file = try FileDescriptor.open(
      path, flags: OpenFlags.readWrite | OpenFlags.noFollow | OpenFlags.nonBlocking)
    try file.write(slot.bytes, at: Int64(slot.offset))
    try file.syncData()
    settle(name)
  }

  /// Names that a daemon which was killed had changed, and had not synced, are on the disk after it.
  func syncNames() throws(SystemError) {
    for folder in [""] + Self.folders where Files.isDirectory(path(folder)) {
      try Files.syncDirectory(path(folder))
    }
  }

  // MARK: Looking after it

  /// What is not as it was left.
  enum Damage: Equatable {
    case gone, changed, unflagged, foreign
    var text: String {
      switch self {
      case .gone: "was removed"
      case .changed: "was changed"
      case .unflagged: "lost its immutable flag"
      case .foreign: "was put there"
      }
    }
  }

  /// Looks at every file, and reads those whose inode is not as it was left.
  func damage(expecting files: [String: String]) -> [(name: String, damage: Damage)] {
    var found: [(name: String, damage: Damage)] = []
    for (name, hash) in files.sorted(by: { $0.key < $1.key }) {
      guard let look = look(name) else {
        found.append((name, isFile(name) ? .changed : .gone))
        continue
      }
      if look.hash != hash {
        found.append((name, .changed))
      } else if look.isUnflagged {
        found.append((name, .unflagged))
      }
    }
    for name in names() where files[name] == nil { found.append((name, .foreign)) }
    if let sealed, (try? Files.status(path(Self.sealName))) != sealed {
      found.append((Self.sealName, isFile(Self.sealName) ? .changed : .gone))
    }
    for folder in ownFolders where isUnflagged(folder) && Files.isDirectory(path(folder)) {
      found.append((folder, .unflagged))
    }
    return found
  }

  /// Sets the flag of a file or folder. A seal is from then on what is to stay.
  func settle(_ name: String) {
    try? InodeFlags.setImmutable(path(name), true)
    if name == Self.sealName { sealed = (try? Files.status(path(name))) ?? nil }
  }

  /// Where nothing but Holdfast's own is.
  private var ownFolders: [String] { Self.folders + (isOwn ? [""] : []) }

  private func isUnflagged(_ name: String) -> Bool {
    (try? InodeFlags.isImmutable(path(name))) == false
  }

  /// Makes way for a file: whatever is there may be written over or removed.
  private func clear(_ name: String) throws(SystemError) {
    guard let status = try Files.status(path(name)) else { return }
    if status.kind == .directory { return try Files.removeTree(path(name)) }
    guard status.kind == .regular else { return try Files.remove(path(name)) }
    try? InodeFlags.setImmutable(path(name), false)
  }

  /// Does something in the folder of a file, which is there and writable meanwhile.
  private func inFolder(
    of name: String, _ work: () throws(SystemError) -> Void
  ) throws(SystemError) {
    let folder = name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    try open(folder)
    defer {
      for own in Self.parents(of: folder).reversed() where ownFolders.contains(own) {
        try? InodeFlags.setImmutable(path(own), true)
      }
    }
    try work()
  }

  private func open(_ folder: String) throws(SystemError) {
    for parent in Self.parents(of: folder) {
      let path = path(parent)
      // An administrator may have the whole of it elsewhere, behind a link.
      switch try Files.status(path, follow: parent.isEmpty)?.kind {
      case .directory: try? InodeFlags.setImmutable(path, false)
      case nil: try Files.makeDirectory(path, mode: 0o700, parents: true)
      default:
        try? InodeFlags.setImmutable(path, false)
        try Files.remove(path)
        try Files.makeDirectory(path, mode: 0o700, parents: true)
      }
    }
  }

  /// A folder and what it is in, from the top: `""` is the directory itself.
  private static func parents(of folder: String) -> [String] {
    var parents = [""]
    for part in folder.split(separator: "/") {
      parents.append(parents.count == 1 ? String(part) : "\(parents[parents.count - 1])/\(part)")
    }
    return parents
  }
}
