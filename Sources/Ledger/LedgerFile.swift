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
  /// The file is kept append-only from the first `harden` on.
  private var isHard = false

  /// Whatever someone put there instead of the file is neither followed nor waited for.
  private static let careful = OpenFlags.noFollow | OpenFlags.nonBlocking
  private static let appending = OpenFlags.readWrite | OpenFlags.append | careful

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
      let file = try FileDescriptor.open(path, flags: OpenFlags.readOnly | Self.careful)
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
    let file = try FileDescriptor.open(path, flags: Self.appending | OpenFlags.create, mode: 0o600)
    try requireRegular(file)
    if try file.status().mode != 0o600 {
      try softly { () throws(SystemError) in try file.setMode(0o600) }
    }
    if isNew { try Files.syncDirectory(directory) }
    self.file = file
    isWritable = true
  }

  private func requireRegular(_ file: FileDescriptor) throws(SystemError) {
    if try file.status().kind != .regular {
      throw SystemError(
        errno: ErrorNumber.invalidArgument, operation: "open \(path): not a regular file")
    }
  }

  func prepare() throws(SystemError) -> Bool {
    // Whoever makes it immutable would keep everybody out: no unprotect without its record.
    if (try? InodeFlags.isImmutable(path)) == true {
      try? InodeFlags.setImmutable(path, false)
      if isHard { try? InodeFlags.setAppendOnly(path, true) }
    }
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
        temporary, flags: Self.appending | OpenFlags.create | OpenFlags.truncate, mode: 0o600)
      var offset: Int64 = 0
      while offset < size {
        let bytes = try old.read(at: offset, upTo: 128 << 10)
        if bytes.isEmpty { break }
        try copy.writeAll(bytes)
        offset += Int64(bytes.count)
      }
      try copy.sync()
      // What stands in its place may be made to stay there.
      try? InodeFlags.setImmutable(path, false)
      try Files.rename(temporary, to: path)
      try Files.syncDirectory(directory)
      file = copy
      if isHard { _ = try? harden() }
    } catch {
      try? Files.remove(temporary)
      throw error
    }
  }

  func size() throws(SystemError) -> Int64 {
    try file?.status().size ?? 0
  }

  func allocated() throws(SystemError) -> Int64 {
    try file?.allocated() ?? 0
  }

  func free() throws(SystemError) -> Int64 {
    Int64(clamping: try Files.freeSpace(directory))
  }

  func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
    try file?.read(at: offset, upTo: count) ?? []
  }

  func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    try writable().write(bytes)
  }

  func truncate(to size: Int64) throws(SystemError) {
    let file = try writable()
    try softly { () throws(SystemError) in try file.truncate(to: size) }
  }

  func harden() throws(SystemError) -> Bool {
    // A crash may have kept a file that was put away from getting its flag.
    if !isHard {
      for segment in (try? segments()) ?? [] {
        try? InodeFlags.setImmutable("\(directory)/\(segment.name)", true)
      }
    }
    isHard = true
    guard isWritable else { return false }
    do throws(SystemError) {
      if try InodeFlags.isAppendOnly(path) { return false }
      try InodeFlags.setAppendOnly(path, true)
      return true
    } catch  where error.isUnsupportedFlag {
      return false  // this file system has none
    }
  }

  /// Does what an append-only file does not allow, and leaves it as it was.
  private func softly(_ work: () throws(SystemError) -> Void) throws(SystemError) {
    guard (try? InodeFlags.isAppendOnly(path)) == true else { return try work() }
    try InodeFlags.setAppendOnly(path, false)
    defer { try? InodeFlags.setAppendOnly(path, true) }
    try work()
  }

  // MARK: What was put away

  func segments() throws(SystemError) -> [LedgerSegment] {
    let here = try file?.status().inode
    var segments = try LedgerSegment.list(directory)
    // After a crash in `putAway` the file has that name too.
    segments.removeAll { segment in
      (try? Files.status("\(directory)/\(segment.name)"))??.inode == here
    }
    return segments
  }

  func open(_ segment: LedgerSegment) throws(SystemError) -> any LedgerBytes {
    try LedgerText.Part("\(directory)/\(segment.name)")
  }

  func putAway(first: Int64, beginning: [UInt8]) throws(SystemError) {
    let old = try writable()
    let temporary = "\(directory)/.ledger.next"
    let away = "\(directory)/\(LedgerSegment.name(first))"
    let wasHard = (try? InodeFlags.isAppendOnly(path)) == true
    let new = try FileDescriptor.open(
      temporary, flags: Self.appending | OpenFlags.create | OpenFlags.truncate, mode: 0o600)
    do throws(SystemError) {
      try new.writeAll(beginning)
      try new.sync()
      if Files.exists(away) {
        try? InodeFlags.setImmutable(away, false)
        try Files.remove(away)
      }
      // Neither is possible with a file that takes nothing but appending.
      if wasHard { try InodeFlags.setAppendOnly(path, false) }
      // Until the rename the file has both names, and after it its new one only.
      try Files.link(path, at: away)
      try Files.syncDirectory(directory)
      try Files.rename(temporary, to: path)
    } catch {
      if wasHard { try? InodeFlags.setAppendOnly(path, true) }
      try? Files.remove(temporary)
      throw error
    }
    file = new
    try? Files.syncDirectory(directory)
    // What was reserved behind its end is of no more use.
    if let size = try? old.status().size { try? old.truncate(to: size) }
    guard wasHard else { return }
    try? InodeFlags.setImmutable(away, true)
    try? InodeFlags.setAppendOnly(path, true)
  }

  func remove(_ segment: LedgerSegment) throws(SystemError) {
    let path = "\(directory)/\(segment.name)"
    try? InodeFlags.setImmutable(path, false)
    try Files.remove(path)
    try Files.syncDirectory(directory)
  }

  func reserve(from offset: Int64, length: Int64) throws(SystemError) {
    try writable().reserve(from: offset, length: length)
  }

  func sync() throws(SystemError) {
    try writable().syncData()
  }

  private func writable() throws(SystemError) -> FileDescriptor {
    guard isWritable, let file else {
      throw SystemError(errno: ErrorNumber.readOnlyFileSystem, operation: "write \(path)")
    }
    return file
  }
}
