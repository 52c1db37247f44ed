internal import AgentToken
internal import Cluster
internal import GRDB
internal import Synchronization

/// Puts writes that wait at the same time into one transaction: what takes time is the disk's word
/// that they are there, and that is the same for one and for many.
///
/// Each has a savepoint of its own, so that one which is refused leaves no trace and takes nobody with
/// it. None is answered before the transaction is on the disk.
final class WriteQueue: Sendable {
  /// A write that waits.
  private struct Pending: Sendable {
    /// Tries it within a transaction, and gives back what answers whoever waits, once it is known
    /// whether the transaction was kept.
    let attempt: @Sendable (Database) -> Answer
    let refuse: @Sendable (Refusal) -> Void
  }

  /// - Parameter failure: why nothing of the transaction was kept.
  private typealias Answer = @Sendable (_ failure: Refusal?) -> Void

  private struct State {
    var pending: [Pending] = []
    var isAtWork = false
  }

  /// So that the first of a group does not wait long for the last.
  private static let largestGroup = 128

  private let pool: DatabasePool
  private let state = Mutex(State())

  init(_ pool: DatabasePool) { self.pool = pool }

  /// - Throws: what `body` refuses; `store_failed`.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(Refusal) -> Result {
    let outcome: Swift.Result<Result, Refusal> = await withCheckedContinuation { continuation in
      add(
        Pending(
          attempt: { db in
            let outcome = Self.attempt(body, db)
            return { failure in
              guard let failure, case .success = outcome else {
                return continuation.resume(returning: outcome)
              }
              continuation.resume(returning: .failure(failure))
            }
          },
          refuse: { continuation.resume(returning: .failure($0)) }))
    }
    return try outcome.get()
  }

  private static func attempt<Result>(
    _ body: (Database) throws -> Result, _ db: Database
  ) -> Swift.Result<Result, Refusal> {
    do {
      var result: Result?
      try db.inSavepoint {
        result = try body(db)
        return .commit
      }
      if let result { return .success(result) }
      return .failure(.notKept)
    } catch {
      return .failure(Refusal(failure: error, "The database could not be changed"))
    }
  }

  private func add(_ write: Pending) {
    let begins = state.withLock { state in
      state.pending.append(write)
      defer { state.isAtWork = true }
      return !state.isAtWork
    }
    if begins { workOn() }
  }

  private func workOn() {
    pool.asyncWriteWithoutTransaction { db in
      let group = self.state.withLock { state in
        let group = Array(state.pending.prefix(Self.largestGroup))
        state.pending.removeFirst(group.count)
        return group
      }
      Self.keep(group, db)
      let goesOn = self.state.withLock { state in
        state.isAtWork = !state.pending.isEmpty
        return state.isAtWork
      }
      if goesOn { self.workOn() }
    }
  }

  private static func keep(_ group: [Pending], _ db: Database) {
    var answers: [Answer] = []
    var failure: Refusal?
    do {
      try db.beginTransaction(.immediate)
      for write in group {
        answers.append(write.attempt(db))
        // A full disk, for one, makes SQLite undo all of it.
        guard db.isInsideTransaction else { throw Refusal.notKept }
      }
      try db.commit()
    } catch {
      failure = Refusal(failure: error, "The database could not be changed")
      if db.isInsideTransaction { try? db.rollback() }
    }
    for answer in answers { answer(failure) }
    for write in group.dropFirst(answers.count) { write.refuse(failure ?? .notKept) }
  }
}
