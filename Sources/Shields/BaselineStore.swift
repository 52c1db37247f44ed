internal import JSON
package import Linux
package import Protection

/// Copies of what is protected, under their hash, so that a file can be put back as it was.
package final class BaselineStore {
  private let directory: String
  /// A larger file cannot be kept: hashing it would hold up everything else for too long. Bytes.
  private let largest: Int64 = 256 << 20
  /// What a file's inode looked like when its hash was last known to be right, so that looking
  /// again costs one `lstat`, not a read of the file.
  private var stamps: [String: Stamp] = [:]
  private var stampsChanged = false
  /// Called again and again while a large file is read or copied: late is not frozen.
  package var goingOn: () -> Void = {}
  /// Unit files, which are looked at with every inspection.
  fileprivate var texts: [String: String] = [:]

  struct Stamp: Equatable {
    let hash: String
    let inode: UInt64
    let modified: Int64
    let changed: Int64
  }

  package init(directory: String) throws(SystemError) {
    self.directory = directory
    try Files.makeDirectory(directory, mode: 0o700, parents: true)
    loadStamps()
  }

  package func path(of hash: String) -> String { "\(directory)/\(hash)" }

  /// The file at `path` as it is now, with a copy kept; nil where there is no regular file.
  package func take(_ path: String) throws(SystemError) -> KeptFile? {
    guard let before = try Files.status(path), before.kind == .regular else { return nil }
    guard before.size <= largest else {
      throw SystemError(
        errno: ErrorNumber.fileTooLarge,
        operation: "keep \(path), which is over \(largest >> 20) MiB")
    }
    let known = knownHash(path, before)
    let hash =
      if let known { known } else { SHA256Hash.hex(try SHA256Hash.ofFile(path, goingOn: goingOn)) }
    if !Files.exists(self.path(of: hash)) {
      // Not synced: `restore` looks before it trusts a copy.
      try Files.copy(path, to: self.path(of: hash), sync: false, goingOn: goingOn)
    }
    remember(path, hash: hash, before)
    return KeptFile(
      path: path, hash: hash, size: before.size, mode: before.mode, uid: before.uid,
      gid: before.gid)
  }

  /// The SHA-256 of a regular file as it is now; nil where there is none. Nothing is kept of it.
  func hash(_ path: String) throws(SystemError) -> String? {
    guard let now = try Files.status(path), now.kind == .regular else { return nil }
    if let known = knownHash(path, now) { return known }
    return SHA256Hash.hex(try SHA256Hash.ofFile(path, goingOn: goingOn))
  }

  private func knownHash(_ path: String, _ now: FileStatus) -> String? {
    guard let stamp = stamps[path], stamp.inode == now.inode,
      stamp.modified == now.mtime, stamp.changed == now.ctime
    else { return nil }
    return stamp.hash
  }

  /// Whether the file at `path` still has the contents that `file` says; reads it only where its
  /// inode is not the one that was last found right.
  func hasContents(_ file: KeptFile, _ now: FileStatus) -> Bool {
    guard now.kind == .regular, now.size == file.size else { return false }
    let stamp = Stamp(
      hash: file.hash, inode: now.inode, modified: now.mtime,
      changed: now.ctime)
    if stamps[file.path] == stamp { return true }
    guard let hash = try? SHA256Hash.ofFile(file.path, goingOn: goingOn),
      SHA256Hash.hex(hash) == file.hash
    else {
      return false
    }
    remember(file.path, hash: file.hash, now)
    return true
  }

  /// Puts the baseline's copy at `file.path`, whatever is there, with its owner and mode.
  func restore(_ file: KeptFile) throws(SystemError) {
    guard SHA256Hash.hex(try SHA256Hash.ofFile(path(of: file.hash), goingOn: goingOn)) == file.hash
    else {
      throw SystemError(
        errno: ErrorNumber.inputOutput,
        operation: "the copy of \(file.path) in the baseline is damaged")
    }
    try Files.copy(path(of: file.hash), to: file.path, sync: false, goingOn: goingOn)
    try Files.chown(file.path, uid: file.uid, gid: file.gid)
    try Files.chmod(file.path, file.mode)
  }

  /// Notes that the file at `path` was just found, or made, right.
  func remember(_ path: String, hash: String) {
    guard let now = try? Files.status(path) else { return }
    remember(path, hash: hash, now)
  }

  private func remember(_ path: String, hash: String, _ status: FileStatus) {
    let stamp = Stamp(
      hash: hash, inode: status.inode, modified: status.mtime,
      changed: status.ctime)
    if stamps[path] != stamp {
      stamps[path] = stamp
      stampsChanged = true
    }
  }

  /// Forgets copies and stamps that no definition names any more.
  package func prune(keeping definitions: [ServiceDefinition]) {
    let files = definitions.flatMap(\.everyFile)
    let hashes = Set(files.map(\.hash))
    let paths = Set(files.map(\.path))
    for name in (try? Files.list(directory)) ?? [] where name != "stamps" && !hashes.contains(name)
    {
      try? Files.remove(path(of: name))
    }
    let before = stamps.count
    stamps = stamps.filter { paths.contains($0.key) }
    if stamps.count != before { stampsChanged = true }
  }

  /// Writes the stamps if they changed. Losing them costs time at the next start, nothing else,
  /// so nothing is synced.
  package func saveStamps() {
    guard stampsChanged else { return }
    stampsChanged = false
    let members = stamps.sorted { $0.key < $1.key }.map { path, stamp in
      JSON.Member(
        name: path,
        value: [
          .string(stamp.hash), .integer(Int64(bitPattern: stamp.inode)),
          .integer(stamp.modified), .integer(stamp.changed),
        ])
    }
    let text = JSON.object(members).encoded()
    try? Files.writeAtomically(path(of: "stamps"), Array(text.utf8), mode: 0o600, sync: false)
  }

  private func loadStamps() {
    guard let bytes = try? Files.read(path(of: "stamps")),
      let members = (try? JSON.parse(bytes))?.members
    else { return }
    for member in members {
      guard let parts = member.value.array, parts.count == 4, let hash = parts[0].string,
        let inode = parts[1].integer, let modified = parts[2].integer,
        let changed = parts[3].integer
      else { continue }
      stamps[member.name] = Stamp(
        hash: hash, inode: UInt64(bitPattern: inode), modified: modified, changed: changed)
    }
  }
}

extension ServiceDefinition {
  /// Every file of which the baseline has a copy.
  package var everyFile: [KeptFile] {
    (signedUpgrade?.origin.everyFile ?? [])
      + units.flatMap { [$0.fragment].compactMap { $0 } + $0.dropIns } + programs + settings
      + (package.map { $0.records + [$0.prerm].compactMap { $0 } } ?? [])
  }
}

extension BaselineStore {
  /// A unit file's text as the baseline has it.
  func text(of file: KeptFile) -> String? {
    if let text = texts[file.hash] { return text }
    // A copy that was tampered with is no unit file of anybody's.
    guard let bytes = try? Files.read(path(of: file.hash), limit: 1 << 20),
      SHA256Hash.hex(SHA256Hash.of(bytes)) == file.hash,
      let text = String(validating: bytes, as: UTF8.self)
    else { return nil }
    texts[file.hash] = text
    return text
  }
}

extension BaselineStore {
  /// Takes copies that were lost once more, of files that are still what the baseline says.
  package func refill(_ definitions: [ServiceDefinition]) {
    for file in definitions.flatMap(\.everyFile)
    where !Files.exists(path(of: file.hash)) && isUnchanged(file) {
      try? Files.copy(file.path, to: path(of: file.hash), sync: false)
    }
  }

  /// Whether the file is there with the contents that the baseline has.
  package func isUnchanged(_ file: KeptFile) -> Bool {
    guard let status = try? Files.status(file.path) else { return false }
    return hasContents(file, status)
  }
}
