internal import AgentToken
internal import Cluster
internal import GRDB
internal import Issuing
internal import Linux

extension Refusal {
  /// The transaction was undone together with others.
  static let notKept = Refusal(
    .storeFailed, "The database could not be changed, and nothing was.",
    hint: "Try again; the server's log and its disk tell more.")

  /// - Parameters:
  ///   - error: a refusal stays as it is.
  ///   - what: the beginning of a sentence, which the reason ends.
  init(failure error: any Error, _ what: String) {
    if let refusal = error as? Refusal {
      self = refusal
      return
    }
    if let error = error as? SystemError {
      self.init(.systemError, "\(what): \(error.description).")
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.storeFailed, "\(what).", hint: "Try again.")
      return
    }
    switch error.resultCode {
    case .SQLITE_CONSTRAINT where error.isDuplicate:
      self.init(.conflict, "Something of that id or name is there already.")
    case .SQLITE_CONSTRAINT where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY:
      self.init(.conflict, "What it belongs to is not there, or not any more.")
    case .SQLITE_FULL:
      self.init(
        .storeFailed, "\(what): the disk is full.", hint: "Make space on the server's disk.")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        .storeFailed, "\(what): another program has held it for too long.",
        hint: "Try again; see what else has the database open.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
      self.init(
        .storeFailed, "\(what): the file, or its directory, may not be written.",
        hint: "Look at the owner and mode of the data directory, and at its file system.")
    case .SQLITE_IOERR:
      self.init(
        .storeFailed, "\(what): the disk does not do what it should.",
        hint: "Look at the kernel's log and at the disk.")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .storeFailed, "\(what): the file is damaged, or no database.",
        hint: "Restore a backup: holdfast-cluster restore FILE")
    default:
      self.init(.storeFailed, "\(what): \(error.message ?? error.resultCode.description).")
    }
  }
}

extension DatabaseError {
  /// Something of the same key is there.
  var isDuplicate: Bool {
    extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE
      || extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY
  }
}

/// Runs what may find that something of its name is there.
///
/// - Throws: `conflict` with that sentence.
@discardableResult
func unlessThere<Result>(_ sentence: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as DatabaseError where error.isDuplicate {
    throw Refusal(.conflict, sentence)
  }
}
