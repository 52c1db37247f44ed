/// Where a ledger is known to have stood, and who says so.
package struct KnownHead: Sendable, Equatable {
  /// How many lines there were.
  package let size: Int64
  /// Their root, in hexadecimal.
  package let root: String
  /// Who says so, in words: `the daemon`, `checkpoint.txt`.
  package let source: String

  package init(size: Int64, root: String, source: String) {
    self.size = size
    self.root = root
    self.source = source
  }
}
