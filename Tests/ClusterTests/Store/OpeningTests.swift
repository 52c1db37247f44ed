import AgentToken
import Cluster
import ClusterSQLite
import GRDB
import Glibc
import Linux
import Testing

@Suite struct OpeningTests {
  @Test func isForItsOwnerOnly() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    for name in try Files.list(fixture.directory) {
      let mode = try #require(try Files.status("\(fixture.directory)/\(name)")).mode
      #expect(mode == 0o600, "\(name)")
    }
    try await fixture.store.close()
    try Files.chmod(fixture.path, 0o644)
    let store = try await SQLiteStore.open(path: fixture.path)
    #expect(try Files.status(fixture.path)?.mode == 0o600)
    #expect(try await store.tenant("retail") != nil)
    try await store.check()
  }

  @Test func refusesWhatIsOfANewerVersion() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    try await fixture.store.close()
    let queue = try DatabaseQueue(path: fixture.path)
    try await queue.write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v2')")
    }
    try queue.close()
    do {
      _ = try await SQLiteStore.open(path: fixture.path)
      Issue.record("It was opened.")
    } catch {
      #expect(error.code == .storeFailed)
      #expect(error.message.contains("newer"))
      #expect(error.hint != nil)
    }
  }

  @Test func refusesWhatIsNoDatabaseOfOurs() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let foreign = "\(fixture.directory)/foreign.sqlite"
    let queue = try DatabaseQueue(path: foreign)
    try await queue.write { try $0.execute(sql: "CREATE TABLE tenants (id TEXT)") }
    try queue.close()
    let before = try Files.read(foreign)
    #expect(await code { _ = try await SQLiteStore.open(path: foreign) } == .storeFailed)
    #expect(try Files.read(foreign) == before)

    let text = "\(fixture.directory)/text"
    try Files.writeAtomically(text, String(repeating: "no database\n", count: 1000))
    #expect(await code { _ = try await SQLiteStore.open(path: text) } == .storeFailed)
    #expect(
      await code { _ = try await SQLiteStore.open(path: "\(fixture.directory)/none/x") }
        == .storeFailed)
    #expect(
      await code { _ = try await SQLiteStore.open(path: fixture.directory) } == .storeFailed)
  }

  @Test func saysThatADatabaseIsDamaged() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    try await fixture.store.close()
    var bytes = try Files.read(fixture.path)
    for index in 4096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 7) }
    try Files.writeAtomically(fixture.path, bytes, mode: 0o600)
    #expect(await code { _ = try await SQLiteStore.open(path: fixture.path) } == .storeFailed)
  }
}

/// A file system of its own, which can be full or read-only.
@Suite struct SmallDiskTests {
  static let isPossible = geteuid() == 0 && ((try? Self.mount("size=1m"))?.end() ?? false)

  /// A tmpfs, gone when the test lets go.
  final class Mount: Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    func remount(_ options: String) -> Bool {
      SmallDiskTests.run(["mount", "-o", "remount,\(options)", path])
    }

    func end() -> Bool { SmallDiskTests.run(["umount", "-l", path]) }

    deinit {
      _ = end()
      try? Files.removeDirectory(path)
    }
  }

  private static func run(_ command: [String]) -> Bool {
    (try? ReadChild(command).end()) == 0
  }

  private static func mount(_ options: String) throws -> Mount {
    let path = "/tmp/holdfast-store-disk-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(path, mode: 0o700)
    guard run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]) else {
      try? Files.removeDirectory(path)
      throw SystemError(errno: EPERM, operation: "mount a tmpfs")
    }
    return Mount(path)
  }

  @Test(.enabled(if: isPossible, "needs root and mount(8)"))
  func refusesOnAFullDiskAndGoesOnWhenThereIsSpace() async throws {
    let disk = try Self.mount("size=3m")
    let store = try await SQLiteStore.open(path: "\(disk.path)/cluster.sqlite")
    var kept = 0
    var refusal: Refusal?
    while refusal == nil, kept < 10_000 {
      do {
        let id = "t\(kept)"
        try await store.create(
          Tenant(id: id, name: String(repeating: "x", count: 2000), createdAt: 0),
          audit: entry(target: id))
        kept += 1
      } catch {
        refusal = error
      }
    }
    #expect(refusal?.code == .storeFailed)
    #expect(refusal?.message.contains("full") == true)
    #expect(refusal?.hint != nil)
    // What was kept is there, what was not has left nothing.
    let count = try await all { try await store.tenants(.all, $0) }.count
    #expect(count == kept)
    #expect(try await all { try await store.audit(.all, .init(), $0) }.count == kept)
    try #require(disk.remount("size=8m"))
    try await store.create(Tenant(id: "new", name: "", createdAt: 0), audit: entry())
    try await store.close()
  }

  @Test(.enabled(if: isPossible, "needs root and mount(8)"))
  func refusesWhatMayNotBeWritten() async throws {
    let disk = try Self.mount("size=3m")
    let path = "\(disk.path)/cluster.sqlite"
    let store = try await SQLiteStore.open(path: path)
    try await store.create(Tenant(id: "t", name: "", createdAt: 0), audit: entry())
    try await store.close()
    try #require(disk.remount("ro"))
    #expect(await code { _ = try await SQLiteStore.open(path: path) } == .storeFailed)
    try #require(disk.remount("rw"))
    let again = try await SQLiteStore.open(path: path)
    #expect(try await again.tenant("t") != nil)
    try await again.close()
  }
}
