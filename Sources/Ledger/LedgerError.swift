internal import Linux

/// Why the ledger could not be opened, or an event not be recorded.
package struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// The disk failed, or does not take writes: an I/O error, a read-only file system.
    case io
    /// The disk is full and the event may not use the reserve, or the reserve is used up.
    case noSpace
    /// What lies at the ledger's path is no file that could be a ledger.
    case notALedger
  }

  package let kind: Kind
  /// What was tried, and what the system said.
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  init(_ error: SystemError) {
    self.init(error.isNoSpace ? .noSpace : .io, error.description)
  }
}

/// Runs what touches the disk; its failure becomes the ledger's.
func onDisk<Result>(_ body: () throws(SystemError) -> Result) throws(LedgerError) -> Result {
  do throws(SystemError) {
    return try body()
  } catch {
    throw LedgerError(error)
  }
}
