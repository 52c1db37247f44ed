import AgentToken
import Cluster
import ClusterSQLite
import Glibc
import Linux
import Testing

/// A process that writes until it is killed.
@Suite struct DurabilityTests {
  static let variable = "HOLDFAST_STORE_TO_FILL"

  /// Only for the child of the test below, which says in a file what the store has said is kept.
  @Test(.enabled(if: Environment.value(of: variable) != nil, "for a child of another test"))
  func writesForEver() async throws {
    let directory = try #require(Environment.value(of: Self.variable))
    let store = try await SQLiteStore.open(path: "\(directory)/cluster.sqlite")
    let log = try FileDescriptor.open(
      "\(directory)/kept", flags: OpenFlags.writeOnly | OpenFlags.create | OpenFlags.append,
      mode: 0o600)
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
      try await group.waitForAll()
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func losesNothingThatWasKeptWhenTheProcessIsKilled() async throws {
    let fixture = try await StoreFixture()
    defer { withExtendedLifetime(fixture) {} }
    try await fixture.store.close()
    for round in 1...3 {
      let child = try Self.child(of: fixture.directory)
      let kept = "\(fixture.directory)/kept"
      let size = Files.exists(kept) ? try Files.read(kept).count : 0
      while try !Files.exists(kept) || Files.read(kept).count < size + 2000 {
        #expect(kill(child, 0) == 0)
        var status: Int32 = 0
        try #require(waitpid(child, &status, WNOHANG) == 0, "the child ended: \(status)")
        try await Task.sleep(for: .milliseconds(5))
      }
      kill(child, SIGKILL)
      var status: Int32 = 0
      #expect(waitpid(child, &status, 0) == child)

      let store = try await SQLiteStore.open(path: fixture.path)
      let tenants = Set(try await all { try await store.tenants(.all, $0) }.map(\.id))
      let entries = try await all { try await store.audit(.all, .init(), $0) }.map(\.target)
      // Nothing that was said is missing, and nothing is there by half.
      #expect(entries.count == Set(entries).count)
      #expect(Set(entries) == tenants)
      let said = try Files.text(kept).split(separator: "\n").map(String.init)
      #expect(Set(said).isSubset(of: tenants), "round \(round)")
      try await store.close()
      try Files.removeTree(fixture.directory)
      try Files.makeDirectory(fixture.directory, mode: 0o700)
    }
  }

  private static func child(of directory: String) throws -> pid_t {
    var child: pid_t = 0
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in [1, 2] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    let program = try Files.resolve("/proc/self/exe")
    var words = [program]
    // Where a helper runs the tests, the bundle is named to it.
    for (name, value) in zip(CommandLine.arguments, CommandLine.arguments.dropFirst())
    where name == "--test-bundle-path" {
      words += [name, value]
    }
    words += ["--testing-library", "swift-testing", "--filter", "writesForEver"]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var variables: [UnsafeMutablePointer<CChar>?] = [strdup("\(variable)=\(directory)"), nil]
    defer { for variable in variables { free(variable) } }
    let failed = posix_spawn(&child, program, &actions, nil, &arguments, &variables)
    if failed != 0 { throw SystemError(errno: failed, operation: "start \(program)") }
    return child
  }
}
