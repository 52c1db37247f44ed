internal import Glibc

extension FileDescriptor {
  /// Reads at most `count` bytes at an offset, without moving where `read(upTo:)` goes on; none at
  /// the end: pread(2).
  package func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(SystemError) {
        initialized = try syscall("read") { pread(raw, buffer.baseAddress, count, off_t(offset)) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes every byte at an offset, over what is there: pwrite(2). For files that were not opened
  /// for appending.
  package func write(_ bytes: [UInt8], at offset: Int64) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try syscall("write") {
        bytes.withUnsafeBytes { buffer in
          pwrite(
            raw, buffer.baseAddress.map { $0 + done }, buffer.count - done,
            off_t(offset) + off_t(done))
        }
      }
    }
  }

  /// Makes the file exactly so many bytes long: ftruncate(2).
  package func truncate(to size: Int64) throws(SystemError) {
    try syscall("truncate") { ftruncate(raw, off_t(size)) }
  }

  /// Sets space aside without changing how long the file is: fallocate(2), FALLOC_FL_KEEP_SIZE.
  /// EOPNOTSUPP where the file system cannot.
  package func reserve(from offset: Int64, length: Int64) throws(SystemError) {
    let keepSize: Int32 = 1  // <linux/falloc.h> is not in the Glibc module.
    try syscall("reserve space") { fallocate(raw, keepSize, off_t(offset), off_t(length)) }
  }

  /// How many bytes of the disk the file takes, what was reserved included.
  package func allocated() throws(SystemError) -> Int64 {
    var status = stat()
    try syscall("fstat") { fstat(raw, &status) }
    return Int64(status.st_blocks) * 512
  }
}
