internal import Glibc
internal import Linux

/// The ledger's file in its directory: 0600 in 0700, opened for appending.
///
/// Where the file cannot be written (a read-only file system), it is opened for reading, and each
/// `prepare` tries again.
final class LedgerFile: LedgerStorage {
  private let directory: String
  private let path: String
  private var file: FileDescriptor?
  private var isWritable = false

  /// Opens the file, making it and its directory where they do not exist. Throws where there is
  /// something to read that cannot be read, and `ELOOP`, `ENOTDIR` or `EINVAL` where the path
  /// leads to no regular file.
  init(directory: String, name: String) throws(SystemError) {
    self.directory = directory
    path = "\(directory)/\(name)"
    do throws(SystemError) {
      try openForWriting()
    } catch {
      if error.isWrongKind { throw error }
      // No ledger at all is an empty one as long as nothing needs to be written.
      guard try Files.status(path) != nil else { return }
      let file = try FileDescriptor.open(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      try requireRegular(file)
      self.file = file
    }
  }

  private func openForWriting() throws(SystemError) {
    if try Files.status(directory, follow: true) == nil {
      try Files.makeDirectory(directory, mode: 0o700, parents: true)
      try Files.syncDirectory(Files.directory(of: directory))
    } else if try Files.status(directory, follow: true)?.mode != 0o700 {
      try Files.chmod(directory, 0o700)
    }
    let isNew = try Files.status(path) == nil
    let file = try FileDescriptor.open(
      path, flags: O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
    try requireRegular(file)
    if try file.status().mode != 0o600 { try call("chmod") { fchmod(file.raw, 0o600) } }
    if isNew { try Files.syncDirectory(directory) }
    self.file = file
    isWritable = true
  }

  private func requireRegular(_ file: FileDescriptor) throws(SystemError) {
    if try file.status().kind != .regular {
      throw SystemError(errno: EINVAL, operation: "open \(path): not a regular file")
    }
  }

  func prepare() throws(SystemError) -> Bool {
    guard isWritable, let file else {
      try openForWriting()
      return false
    }
    let (here, there) = (try file.status(), try Files.status(path))
    if here.inode == there?.inode, here.device == there?.device { return false }
    try putBack(file, size: here.size)
    return true
  }

  /// Someone removed or replaced the file: what was in it is still here, and goes back.
  private func putBack(_ old: FileDescriptor, size: Int64) throws(SystemError) {
    let temporary = "\(directory)/.ledger.new"
    if try Files.status(directory, follow: true) == nil {
      try Files.makeDirectory(directory, mode: 0o700, parents: true)
    }
    do throws(SystemError) {
      let copy = try FileDescriptor.open(
        temporary, flags: O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o600)
      var offset: Int64 = 0
      while offset < size {
        let bytes = try read(old, at: offset, upTo: 128 << 10)
        if bytes.isEmpty { break }
        try copy.writeAll(bytes)
        offset += Int64(bytes.count)
      }
      try copy.sync()
      try Files.rename(temporary, to: path)
      try Files.syncDirectory(directory)
      file = copy
    } catch {
      try? Files.remove(temporary)
      throw error
    }
  }

  func size() throws(SystemError) -> Int64 {
    try file?.status().size ?? 0
  }

  func allocated() throws(SystemError) -> Int64 {
    guard let file else { return 0 }
    var status = stat()
    try call("fstat") { fstat(file.raw, &status) }
    return Int64(status.st_blocks) * 512
  }

  func free() throws(SystemError) -> Int64 {
    Int64(clamping: try Files.freeSpace(directory))
  }

  func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
    guard let file else { return [] }
    return try read(file, at: offset, upTo: count)
  }

  private func read(
    _ file: FileDescriptor, at offset: Int64, upTo count: Int
  ) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(SystemError) {
        initialized = try call("read") { pread(file.raw, buffer.baseAddress, count, off_t(offset)) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    try writable().write(bytes)
  }

  func truncate(to size: Int64) throws(SystemError) {
    let file = try writable()
    try call("truncate") { ftruncate(file.raw, off_t(size)) }
  }

  func reserve(from offset: Int64, length: Int64) throws(SystemError) {
    let file = try writable()
    try call("fallocate") {
      fallocate(file.raw, keepSize, off_t(offset), off_t(length))
    }
  }

  func sync() throws(SystemError) {
    try writable().syncData()
  }

  private func writable() throws(SystemError) -> FileDescriptor {
    guard isWritable, let file else { throw SystemError(errno: EROFS, operation: "write \(path)") }
    return file
  }

  /// Runs a system call again for as long as a signal interrupts it.
  @discardableResult
  private func call<Value: FixedWidthInteger & SignedInteger>(
    _ name: String, _ body: () -> Value
  ) throws(SystemError) -> Value {
    while true {
      let value = body()
      if value != -1 { return value }
      let code = errno
      if code != EINTR { throw SystemError(errno: code, operation: "\(name) \(path)") }
    }
  }
}

/// FALLOC_FL_KEEP_SIZE of linux/falloc.h, which the module of Glibc does not have.
private let keepSize: Int32 = 1

extension SystemError {
  /// The disk is full, or the quota.
  var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// The file system cannot reserve space.
  var isNoReserve: Bool { errno == EOPNOTSUPP || errno == ENOSYS }

  /// The path leads to something that is no regular file.
  var isWrongKind: Bool { [ELOOP, ENOTDIR, EINVAL, EISDIR].contains(errno) }
}
