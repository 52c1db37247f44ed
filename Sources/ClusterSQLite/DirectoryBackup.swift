package import AgentToken
internal import Cluster
internal import FoundationEssentials
internal import GRDB
internal import Issuing
internal import JSON
internal import Linux

/// All of a server's data directory in one file: the database, which also holds the other files.
///
/// It holds the keys of the cluster as they lie in the directory, so it is kept as they are.
package enum DirectoryBackup {
  /// A table that only backups have.
  static let table = """
    CREATE TABLE kept_files (
      path TEXT PRIMARY KEY NOT NULL,
      mode INTEGER NOT NULL,
      -- NULL for a directory.
      content BLOB
    ) STRICT, WITHOUT ROWID
    """

  /// Writes a backup. A server may be running on the directory, and goes on.
  ///
  /// - Returns: how many files it holds beside the database.
  /// - Throws: `conflict` where the file is there already; `not_found` where the directory has no
  ///   database; `store_failed`.
  package static func write(_ directory: String, to path: String) throws(Refusal) -> Int {
    let database = ServerDirectory.databasePath(directory)
    guard Files.exists(database) else {
      throw Refusal(
        .notFound, "There is no cluster in \(directory.quoted()).",
        hint: "Name its data directory with --data.")
    }
    let file = try NewFile(path)
    do {
      try Schema.check(database)
      try copy(database, to: file.draft)
      let queue = try DatabaseQueue(path: file.draft)
      let count = try queue.write { db in
        try db.execute(sql: table)
        return try keep("", of: directory, in: db)
      }
      try queue.close()
      try file.finish()
      return count
    } catch {
      throw Refusal(failure: error, "The backup could not be written")
    }
  }

  /// The database as it is at one moment, without its log.
  static func copy(_ database: String, to path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: database, configuration: configuration)
    try queue.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
    try queue.close()
  }

  private static func keep(_ folder: String, of directory: String, in db: Database) throws -> Int {
    var count = 0
    for name in try list("\(directory)/\(folder)") {
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      guard isKept(path), let status = try Files.status("\(directory)/\(path)") else { continue }
      let content: Data?
      switch status.kind {
      case .directory: content = nil
      case .regular: content = Data(try Files.read("\(directory)/\(path)"))
      default: continue
      }
      try db.execute(
        sql: "INSERT INTO kept_files VALUES (?, ?, ?)", arguments: [path, status.mode, content])
      count += content == nil ? 0 : 1
      if content == nil { count += try keep(path, of: directory, in: db) }
    }
    return count
  }

  private static func list(_ path: String) throws(Refusal) -> [String] {
    do {
      return try Files.list(path)
    } catch {
      throw Refusal(error, "read \(path)")
    }
  }

  /// Whether a file belongs into a backup: neither the database, which is there already, nor locks,
  /// nor what an interrupted write left.
  static func isKept(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
      return false
    }
    return !path.utf8.contains(0) && name != "lock" && !name.hasPrefix(".holdfast-")
      && !(parts.count == 1 && name.hasPrefix("cluster.sqlite"))
  }
}
