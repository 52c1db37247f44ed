import AgentToken
import Cluster
import ClusterSQLite
import Glibc
import Linux
import Testing

/// A process that writes until it is killed.
@Suite struct DurabilityTests {
  @Test(.timeLimit(.minutes(5)))
  func losesNothingThatWasKeptWhenTheProcessIsKilled() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    try await fixture.store.close()
    for round in 1...3 {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [directory = fixture.directory as String] in
        try await writeUntilKilled(directory)
      }
      let store = try await SQLiteStore.open(path: fixture.path)
      let tenants = Set(try await all { try await store.tenants(.all, $0) }.map(\.id))
      let entries = try await all { try await store.audit(.all, .init(), $0) }.map(\.target)
      // Nothing that was said is missing, and nothing is there by half.
      #expect(entries.count == Set(entries).count)
      #expect(Set(entries) == tenants)
      let said = try Files.text("\(fixture.directory)/kept").split(separator: "\n").map(String.init)
      #expect(said.count >= enough, "round \(round)")
      #expect(Set(said).isSubset(of: tenants), "round \(round)")
      try await store.close()
      try Files.removeTree(fixture.directory)
      try Files.makeDirectory(fixture.directory, mode: 0o700)
    }
  }
}

/// How many tenants have been kept when the process is killed.
private let enough = 400

/// Eight at once, which say in a file what the store has said is kept, until the process is killed
/// in the midst of it.
private func writeUntilKilled(_ directory: String) async throws {
  let store = try await SQLiteStore.open(path: "\(directory)/cluster.sqlite")
  let kept = "\(directory)/kept"
  let log = try FileDescriptor.open(
    kept, flags: OpenFlags.writeOnly | OpenFlags.create | OpenFlags.append, mode: 0o600)
  try await withThrowingTaskGroup { group in
    for writer in 0..<8 {
      group.addTask {
        for index in 0... {
          let id = "t\(writer)-\(index)"
          try await store.create(
            Tenant(id: id, name: id, createdAt: 0), audit: entry(target: id))
          try log.writeAll(Array("\(id)\n".utf8))
        }
      }
    }
    group.addTask {
      while try Files.text(kept).count(where: { $0 == "\n" }) < enough {
        try await Task.sleep(for: .milliseconds(5))
      }
      kill(getpid(), SIGKILL)
    }
    try await group.waitForAll()
  }
}
