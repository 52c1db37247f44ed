import Glibc
import Linux
import Testing

/// The temporary directory must be on a file system with inode flags; ext4, xfs and btrfs are.
@Suite(.enabled(if: geteuid() == 0, "needs root")) struct InodeFlagsTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test func immutableFilesCannotBeChanged() throws {
    let path = directory("file")
    try Files.writeAtomically(path, "text")
    #expect(try !InodeFlags.isImmutable(path))
    try InodeFlags.setImmutable(path, true)
    defer { try? InodeFlags.setImmutable(path, false) }
    #expect(try InodeFlags.isImmutable(path))
    try InodeFlags.setImmutable(path, true)
    let error = #expect(throws: SystemError.self) { try Files.remove(path) }
    #expect(error?.errno == EPERM)
    #expect(throws: SystemError.self) { try Files.writeAtomically(path, "other") }
    try InodeFlags.setImmutable(path, false)
    #expect(try !InodeFlags.isImmutable(path))
    try Files.remove(path)
  }

  @Test func appendOnlyFilesCanGrow() throws {
    let path = directory("file")
    let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
    try InodeFlags.setAppendOnly(path, true)
    defer { try? InodeFlags.setAppendOnly(path, false) }
    #expect(try InodeFlags.isAppendOnly(path))
    try file.writeAll([1, 2])
    #expect(throws: SystemError.self) { try Files.writeAtomically(path, "other") }
  }

  @Test func noLongerImmutableIsNotForAppendingAloneEither() throws {
    let path = directory("file")
    try Files.writeAtomically(path, "text")
    for isImmutable in [false, true] {
      try InodeFlags.setAppendOnly(path, true)
      try InodeFlags.setImmutable(path, isImmutable)
      #expect(try !InodeFlags.isAppendOnly(path))
      #expect(try InodeFlags.isImmutable(path) == isImmutable)
    }
    try InodeFlags.setImmutable(path, false)
    try Files.writeAtomically(path, "other")
  }

  @Test func worksOnAnOpenFile() throws {
    let path = directory("file")
    let file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT, mode: 0o600)
    try InodeFlags.setImmutable(file, true)
    defer { try? InodeFlags.setImmutable(file, false) }
    #expect(try InodeFlags.isImmutable(file))
    #expect(try InodeFlags.isImmutable(path))
  }

  @Test func doesNotFollowLinks() throws {
    try Files.symlink("/etc/passwd", at: directory("link"))
    let error = #expect(throws: SystemError.self) {
      try InodeFlags.setImmutable(directory("link"), true)
    }
    #expect(error?.errno == ELOOP)
  }

  @Test func saysWhereThereAreNone() throws {
    let error = #expect(throws: SystemError.self) { try InodeFlags.isImmutable("/proc/self/stat") }
    #expect(error?.errno == ENOTTY)
  }
}
