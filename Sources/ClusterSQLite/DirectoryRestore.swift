package import AgentToken
internal import Cluster
internal import GRDB
internal import Issuing
internal import JSON
internal import Linux

/// Makes a server's data directory from a backup.
package enum DirectoryRestore {
  /// Restores a backup to a directory that no server runs on.
  ///
  /// It is made whole beside, and then takes the place of what was there. Sessions do not come back:
  /// some of them have ended since.
  ///
  /// - Parameter replacing: whether a directory that is not empty may be set aside.
  /// - Returns: where the old directory is now; nil where there was none, or an empty one.
  /// - Throws: `conflict` where the directory is not empty; `directory_in_use`; `not_found` where there
  ///   is no such backup; `store_failed` where it is none, or damaged; `system_error`.
  package static func restore(
    _ backup: String, to directory: String, replacing: Bool, at now: Int64
  ) throws(Refusal) -> String? {
    guard Files.exists(backup) else {
      throw Refusal(.notFound, "There is no file \(backup.quoted()).")
    }
    // Where the name is a link, what it leads to is replaced: the link is somebody's arrangement.
    let directory = (try? Files.resolve(directory)) ?? withoutSlash(directory)
    let isThere = Files.isDirectory(directory)
    let isEmpty = (isThere ? try list(directory) : []).allSatisfy { $0 == "lock" }
    // Held until the end, so that no server starts on what is about to be set aside.
    let lock = isThere ? try ServerLock.take(directory) : nil
    guard isEmpty || replacing else {
      throw Refusal(
        .conflict, "\(directory.quoted()) is not empty.",
        hint: "Another directory with --data, or --replace: then this one is set aside.")
    }
    let end = Hex.encode(Random.bytes(4))
    let draft = "\(directory).restoring-\(end)"
    do {
      try check(backup)
      try fill(draft, from: backup, at: now)
      try giveToOwner(of: isThere ? directory : Files.directory(of: directory), draft)
    } catch {
      try? Files.removeTree(draft)
      throw Refusal(failure: error, "The backup \(backup.quoted()) could not be restored")
    }
    let old = isEmpty ? nil : "\(directory).before-\(end)"
    do {
      if isThere { try Files.rename(directory, to: old ?? "\(directory).empty-\(end)") }
      try Files.rename(draft, to: directory)
      if isThere, old == nil { try Files.removeTree("\(directory).empty-\(end)") }
      try Files.syncDirectory(Files.directory(of: directory))
    } catch {
      throw Refusal(
        .systemError,
        "What was restored is in \(draft.quoted()), but could not be moved: \(error.reason).",
        hint: "Move it to \(directory) by hand.")
    }
    withExtendedLifetime(lock) {}
    return old
  }

  /// - Throws: `store_failed` for what is no backup of ours, or not whole.
  private static func check(_ backup: String) throws {
    try Schema.check(backup)
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: backup, configuration: configuration)
    try queue.read { db in
      guard try db.tableExists("kept_files") else {
        throw Refusal(
          .storeFailed, "\(backup.quoted()) is a cluster's database, but no backup of a cluster.",
          hint: "Name a file that holdfast-cluster backup has written.")
      }
      let found = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "nothing"
      guard found == "ok" else {
        throw Refusal(.storeFailed, "The backup \(backup.quoted()) is damaged: \(found).")
      }
    }
    try queue.close()
  }

  private static func fill(_ draft: String, from backup: String, at now: Int64) throws {
    try Files.makeDirectory(draft, mode: 0o700)
    let database = ServerDirectory.databasePath(draft)
    let file = try NewFile(database)
    try DirectoryBackup.copy(backup, to: file.draft)
    let queue = try DatabaseQueue(path: file.draft)
    try queue.write { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM kept_files ORDER BY path")
      while let row = try rows.next() { try put(row, into: draft) }
      try db.execute(sql: "DROP TABLE kept_files")
      try db.execute(sql: "DELETE FROM sessions")
    }
    try queue.close()
    // Agents have seen more than the backup knows of.
    let issuer = ServerDirectory.issuerPath(draft)
    if Files.isDirectory(issuer) { try Issuer.noteReturn(of: issuer, at: now) }
    try file.finish()
  }

  /// A directory comes before what is in it, by its name.
  private static func put(_ row: Row, into draft: String) throws {
    let path = row.text("path")
    guard DirectoryBackup.isKept(path) else {
      throw Refusal(.storeFailed, "The backup has a file that no backup has: \(path.quoted()).")
    }
    let mode = UInt32(row.number("mode")) & 0o755
    if row.hasNull(atIndex: 2) {
      try Files.makeDirectory("\(draft)/\(path)", mode: mode)
    } else {
      try Files.writeAtomically("\(draft)/\(path)", row.bytes("content"), mode: mode)
    }
  }

  /// Root restores for the server's own user.
  private static func giveToOwner(of model: String, _ path: String) throws {
    guard let owner = try Files.status(model, follow: true) else { return }
    try give(path, uid: owner.uid, gid: owner.gid)
  }

  private static func give(_ path: String, uid: UInt32, gid: UInt32) throws {
    guard let status = try Files.status(path) else { return }
    if status.uid != uid || status.gid != gid { try Files.chown(path, uid: uid, gid: gid) }
    guard status.kind == .directory else { return }
    for name in try Files.list(path) { try give("\(path)/\(name)", uid: uid, gid: gid) }
  }

  private static func withoutSlash(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? withoutSlash(String(path.dropLast())) : path
  }

  private static func list(_ path: String) throws(Refusal) -> [String] {
    do {
      return try Files.list(path)
    } catch {
      throw Refusal(error, "read \(path)")
    }
  }
}
