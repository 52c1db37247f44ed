package import AgentToken
internal import Cluster
internal import FoundationEssentials
internal import GRDB
internal import JSON
internal import Linux
internal import Synchronization

/// A cluster's database: one SQLite file, with its log beside it (WAL mode).
///
/// Writes go through one connection, many in one transaction where they come at the same time
/// (`WriteQueue`), and are on the disk before they are answered. Reads have a few connections of their
/// own, each with a small cache, and see the database as it was when they began.
package final class SQLiteStore: ClusterStore {
  private static let readers = 4
  /// Of each connection, in KiB.
  private static let cacheSize = (reader: 512, writer: 2048)
  /// How long somebody else, such as a backup, may hold the database, in seconds.
  private static let patience = 10.0

  let pool: DatabasePool
  private let writes: WriteQueue
  /// When a check last could write.
  private let lastCheck = Mutex<ContinuousClock.Instant?>(nil)

  /// Opens a database for the one server that it has, and makes it where there is none: nobody but
  /// its owner may read it.
  ///
  /// - Throws: `store_failed`, also for a database that a newer version has changed, and for a file
  ///   that is something else.
  package static func open(path: String) async throws(Refusal) -> SQLiteStore {
    do {
      try restrict(path)
    } catch {
      throw Refusal(
        .storeFailed, "The database \(path.quoted()) cannot be opened: \(error.reason).")
    }
    do {
      return try SQLiteStore(path)
    } catch {
      throw Refusal(failure: error, "The database \(path.quoted()) cannot be opened")
    }
  }

  private init(_ path: String) throws {
    // Before anything is changed in what is not ours.
    try Schema.check(path)
    pool = try DatabasePool(path: path, configuration: Self.configuration())
    try pool.writeWithoutTransaction { db in
      // After GRDB, which would have the last transactions lost with the power.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(sql: "PRAGMA journal_size_limit = 16777216")
    }
    try Schema.migrator.migrate(pool)
    // What was being answered when a server died is answered by nobody.
    _ = try pool.write { try $0.run("DELETE FROM idempotency WHERE status IS NULL") }
    writes = WriteQueue(pool)
  }

  private static func configuration() -> Configuration {
    var configuration = Configuration()
    configuration.label = "store"
    configuration.busyMode = .timeout(patience)
    configuration.maximumReaderCount = readers
    configuration.prepareDatabase { db in
      let size = db.configuration.readonly ? cacheSize.reader : cacheSize.writer
      try db.execute(sql: "PRAGMA cache_size = -\(size)")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
    }
    return configuration
  }

  /// SQLite gives its log the database's own mode.
  private static func restrict(_ path: String) throws(SystemError) {
    let file = try FileDescriptor.open(
      path, flags: OpenFlags.readOnly | OpenFlags.create | OpenFlags.nonBlocking, mode: 0o600)
    if try file.status().mode & 0o077 != 0 { try file.setMode(0o600) }
  }

  func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(Refusal) -> Result {
    do {
      return try await pool.read(body)
    } catch {
      throw Refusal(failure: error, "The database could not be read")
    }
  }

  @discardableResult
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(Refusal) -> Result {
    try await writes.write(body)
  }

  /// Writes only every few seconds, because anybody may ask a server whether it is ready.
  package func check() async throws(Refusal) {
    try await read { _ = try $0.row("SELECT count(*) FROM counters") }
    let isKnown = lastCheck.withLock { last in last.map { .now - $0 < .seconds(5) } ?? false }
    if isKnown { return }
    try await write { try $0.run("INSERT OR REPLACE INTO texts VALUES ('checked', '')") }
    lastCheck.withLock { $0 = .now }
  }

  package func tidy(now: Int64) async throws(Refusal) {
    try await write { db in
      try db.run("DELETE FROM sessions WHERE expires <= ?", now)
      try db.run("DELETE FROM idempotency WHERE begun_at <= ?", now - Self.idempotencyLifetime)
    }
  }

  package func close() async throws(Refusal) {
    // Whatever was asked for before is answered first.
    try await write { _ in }
    do {
      try pool.close()
    } catch {
      throw Refusal(failure: error, "The database could not be closed")
    }
  }
}
