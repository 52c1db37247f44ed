internal import Linux

/// The last record of a ledger: enough to notice that records were cut off or edited. (A tree head
/// over all records has its place here.)
package struct LedgerHead: Sendable, Equatable {
  package let sequence: Int64
  /// SHA-256 of the record's line without its line feed, in hexadecimal.
  package let hash: String

  package init(sequence: Int64, hash: String) {
    self.sequence = sequence
    self.hash = hash
  }

  init(sequence: Int64, line: [UInt8]) {
    self.init(sequence: sequence, hash: SHA256Hash.hex(SHA256Hash.of(line)))
  }
}

/// A token that was spent, and where that stands.
package struct SpentToken: Sendable, Equatable {
  package let issuer: String
  package let jti: String
  /// Seconds since the epoch, as the wall clock had it.
  package let at: Int64
  /// The `seq` of the ledger's record.
  package let record: Int64
  /// The token's `exp`, where the record says it.
  package let expires: Int64?

  package init(issuer: String, jti: String, at: Int64, record: Int64, expires: Int64?) {
    self.issuer = issuer
    self.jti = jti
    self.at = at
    self.record = record
    self.expires = expires
  }
}

extension Ledger {
  /// How a ledger differs from what is known of it from elsewhere.
  package enum Divergence: Sendable, Equatable {
    /// It ends before the record that is known to have been its last.
    case shorter(known: Int64, found: Int64)
    /// The record that is known is there with other words.
    case edited(Int64)
  }

  /// Takes in what is known from elsewhere: tokens that were spent stay spent, and records go on
  /// above the highest `seq` there ever was, whatever became of the file.
  package func adopt(_ known: LedgerHead?, spent tokens: [SpentToken]) -> Divergence? {
    for token in tokens { spend(token) }
    guard let known else { return nil }
    let found = nextSequence - 1
    guard known.sequence <= found else {
      skip(to: known.sequence + 1)
      return .shorter(known: known.sequence, found: found)
    }
    guard let line = (try? lines(since: known.sequence, limit: 1))?.first,
      line.sequence == known.sequence,
      LedgerHead(sequence: line.sequence, line: line.bytes) == known
    else { return .edited(known.sequence) }
    return nil
  }
}
