import AgentToken
import Cluster
import ClusterSQLite
import Linux
import Testing

@Suite struct BackupTests {
  @Test func isOfOneMomentWhileOthersWrite() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    let store = fixture.store
    let path = "\(fixture.directory)/backup"
    try await withThrowingTaskGroup { group in
      for writer in 0..<4 {
        group.addTask {
          for index in 0..<50 {
            let id = "t\(writer)-\(index)"
            try await store.create(
              Tenant(id: id, name: id, createdAt: 0), audit: entry(target: id))
          }
        }
      }
      group.addTask { try await store.backUp(to: path) }
      try await group.waitForAll()
    }
    #expect(try Files.status(path)?.mode == 0o600)
    let copy = try await SQLiteStore.open(path: path)
    let tenants = try await all { try await copy.tenants(.all, $0) }.map(\.id)
    let entries = try await all { try await copy.audit(.all, .init(), $0) }.map(\.target)
    #expect(Set(tenants) == Set(entries))
    try await copy.close()
    #expect(await code { try await store.backUp(to: path) } == .conflict)
    #expect(
      await code { try await store.backUp(to: "\(fixture.directory)/none/x") } == .storeFailed)
    #expect(try Files.list(fixture.directory).allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func bringsTheWholeDirectoryBack() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let data = fixture.directory
    let backup = "\(data).backup"
    let target = "\(data).target"
    defer { for path in [backup, target] { try? Files.removeTree(path) } }
    try Files.makeDirectory("\(data)/issuer/keys", mode: 0o700, parents: true)
    try Files.makeDirectory("\(data)/empty", mode: 0o700)
    try Files.writeAtomically("\(data)/issuer/keys/root.jwk", [0, 1, 2, 255], mode: 0o600)
    try Files.writeAtomically("\(data)/seal.key", Random.bytes(32), mode: 0o600)
    try Files.writeAtomically("\(data)/issuer/bundle", [], mode: 0o644)
    let lock = try ServerLock.take(data)
    try await fixture.store.create(person("ana"), secretHash: "x", audit: entry())
    try await fixture.store.create(
      Profile(
        id: "p-1", name: "base", tenant: nil, version: 1, settings: "{}", changedAt: 0,
        changedBy: ""), audit: entry())
    let assigned = ProfileAssignment(profile: "p-1", tenant: "retail", label: nil)
    try await fixture.store.assign(assigned, audit: entry())
    try await fixture.store.open(
      Session(tokenHash: "s", account: "id-ana", createdAt: 0, expires: 100), audit: nil)
    let count = try DirectoryBackup.write(data, to: backup)
    #expect(count == 3)
    #expect(try Files.status(backup)?.mode == 0o600)
    #expect(await code { _ = try DirectoryBackup.write(data, to: backup) } == .conflict)
    #expect(
      await code { _ = try DirectoryBackup.write("\(data)/empty", to: "\(backup)2") } == .notFound)
    withExtendedLifetime(lock) {}

    let old = try DirectoryRestore.restore(backup, to: "\(target)/", replacing: false, at: 77)
    #expect(old == nil)
    for path in ["issuer/keys/root.jwk", "seal.key", "issuer/bundle"] {
      #expect(try Files.read("\(target)/\(path)") == Files.read("\(data)/\(path)"))
      #expect(
        try Files.status("\(target)/\(path)")?.mode == Files.status("\(data)/\(path)")?.mode)
    }
    #expect(Files.isDirectory("\(target)/empty"))
    #expect(!Files.exists("\(target)/lock"))
    #expect(try Files.status(target)?.mode == 0o700)
    let store = try await SQLiteStore.open(path: "\(target)/cluster.sqlite")
    #expect(try await store.tenant("retail") != nil)
    #expect(try await store.assignments() == [assigned])
    #expect(try Files.text("\(target)/issuer/went-back") == "77\n")
    #expect(try await store.session(tokenHash: "s", now: 0) == nil)
    try await store.close()
  }

  @Test func setsAsideOnlyWhereAskedAndOnlyWhatNoServerRunsOn() async throws {
    let fixture = try await StoreFixture.withTenants()
    defer { withExtendedLifetime(fixture) {} }
    let data = fixture.directory
    let backup = "\(data).backup"
    defer { try? Files.removeTree(backup) }
    _ = try DirectoryBackup.write(data, to: backup)
    func restored(_ path: String, replacing: Bool) async -> Refusal.Code? {
      await code {
        _ = try DirectoryRestore.restore(path, to: data, replacing: replacing, at: 1)
      }
    }
    #expect(await restored(backup, replacing: false) == .conflict)
    #expect(await restored("\(backup).none", replacing: true) == .notFound)
    #expect(await restored("\(data)/cluster.sqlite", replacing: true) == .storeFailed)
    do {
      let lock = try ServerLock.take(data)
      #expect(await restored(backup, replacing: true)?.rawValue == "directory_in_use")
      withExtendedLifetime(lock) {}
    }
    try Files.writeAtomically("\(data)/mine", "old")
    try await fixture.store.close()
    let old = try #require(
      try DirectoryRestore.restore(backup, to: data, replacing: true, at: 1))
    defer { try? Files.removeTree(old) }
    #expect(try Files.text("\(old)/mine") == "old")
    #expect(!Files.exists("\(data)/mine"))
    // Nothing half is left beside.
    let name = data.split(separator: "/").last.map(String.init) ?? ""
    #expect(
      try Files.list("/tmp").filter { $0.hasPrefix(name) }.sorted()
        == [name, "\(name).backup", old.split(separator: "/").last.map(String.init)].compactMap {
          $0
        }.sorted())
  }
}
