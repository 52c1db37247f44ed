/// The first thing that is wrong with a ledger.
package struct LedgerFault: Sendable, Equatable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    /// Its words are not those that were written, or it is no record any more.
    case edited
    /// It is not there, and others behind it are.
    case removed
    /// It stands somewhere else.
    case swapped
    /// It stands there twice.
    case repeated
    /// It was there once, and nothing is behind it.
    case truncated
  }

  package let kind: Kind
  /// The first record that is not as it was written, by its `seq`.
  package let record: Int64
  /// Where that shows: the line's number in its file, from 1; nil behind the last one.
  package let line: Int64?
  package let file: String
  /// Why that is so, in words.
  package let description: String
}
