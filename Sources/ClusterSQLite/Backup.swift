package import AgentToken
internal import GRDB

extension SQLiteStore {
  package func backUp(to path: String) async throws(Refusal) {
    let file = try NewFile(path)
    do {
      // On a connection that reads, so that writes go on.
      try await pool.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [file.draft]) }
      try file.finish()
    } catch {
      throw Refusal(failure: error, "The backup could not be written")
    }
  }
}
