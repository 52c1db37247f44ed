internal import Linux

/// Where a ledger stands: enough to notice that any of its records was cut off or edited.
package struct LedgerHead: Sendable, Equatable {
  /// The last record's `seq`; 0 where there is none.
  package let sequence: Int64
  /// How many lines there are.
  package let size: Int64
  /// The root of RFC 6962 over all lines, in hexadecimal.
  package let root: String

  package init(sequence: Int64, size: Int64, root: String) {
    self.sequence = sequence
    self.size = size
    self.root = root
  }
}

extension Ledger {
  /// How a ledger differs from what is known of it from elsewhere.
  package enum Divergence: Sendable, Equatable {
    /// It ends before the record that is known to have been its last.
    case shorter(known: Int64, found: Int64)
    /// Its lines up to this record are not those that were written.
    case edited(Int64)
  }
}

extension Recovery {
  /// How the file differs from what is known of it; nil where it does not.
  func divergence(from known: LedgerHead?) -> Ledger.Divergence? {
    guard let known else { return nil }
    let found = nextSequence - 1
    if known.sequence > found { return .shorter(known: known.sequence, found: found) }
    return rootAsKnown == known.root ? nil : .edited(known.sequence)
  }
}
