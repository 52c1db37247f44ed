internal import Linux

/// Bytes to read lines from.
protocol LedgerBytes: AnyObject {
  /// At most `count` bytes from an offset; none at the end.
  func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8]
}

/// What the ledger needs of its file, so that a test can be a disk that fails.
protocol LedgerStorage: LedgerBytes {
  /// Makes sure that appending goes to the file at the ledger's path, and is possible.
  /// - Returns: whether the file was gone or another one, and had to be put back.
  func prepare() throws(SystemError) -> Bool
  /// The file's length in bytes.
  func size() throws(SystemError) -> Int64
  /// Bytes that the file occupies on the disk, beyond its end too.
  func allocated() throws(SystemError) -> Int64
  /// Bytes free on the file system, to those who are not root.
  func free() throws(SystemError) -> Int64
  /// Writes at the end, and says how many bytes were written.
  func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int
  /// Cuts the file off. Whatever was reserved beyond that is given back.
  func truncate(to size: Int64) throws(SystemError)
  /// Occupies space on the disk without changing the file's length: fallocate(2).
  func reserve(from offset: Int64, length: Int64) throws(SystemError)
  /// Returns once everything that was written is on the disk: fdatasync(2).
  func sync() throws(SystemError)
  /// Has the file take nothing but appending from now on, and says whether it took more.
  func harden() throws(SystemError) -> Bool

  // MARK: What was put away

  /// The files before this one, the oldest first.
  func segments() throws(SystemError) -> [LedgerSegment]
  /// What is in one of them.
  func open(_ segment: LedgerSegment) throws(SystemError) -> any LedgerBytes
  /// Puts the file away under the number of its first record, and goes on in a new one with this in
  /// it; both or, where it throws, neither. On the disk when it returns.
  func putAway(first: Int64, beginning: [UInt8]) throws(SystemError)
  func remove(_ segment: LedgerSegment) throws(SystemError)
}

/// For disks that take one file and no more.
extension LedgerStorage {
  func harden() throws(SystemError) -> Bool { false }
  func segments() throws(SystemError) -> [LedgerSegment] { [] }

  func open(_ segment: LedgerSegment) throws(SystemError) -> any LedgerBytes {
    throw SystemError(errno: ErrorNumber.noSuchFile, operation: "open \(segment.name)")
  }

  func putAway(first: Int64, beginning: [UInt8]) throws(SystemError) {
    throw SystemError(errno: ErrorNumber.readOnlyFileSystem, operation: "put the ledger away")
  }

  func remove(_ segment: LedgerSegment) throws(SystemError) {}
}
