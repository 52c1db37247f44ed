/// How much room a ledger takes. Bytes.
package struct LedgerLimits: Sendable, Equatable {
  /// A file that is as large is put away, and another begun.
  package var file: Int64
  /// Of all files together no more is kept than this.
  package var all: Int64

  package init(file: Int64 = 1 << 20, all: Int64 = 128 << 20) {
    self.file = file
    self.all = all
  }
}
