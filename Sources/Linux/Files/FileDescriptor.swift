internal import Glibc

/// An open file, socket or pidfd; closed when the last reference goes.
package final class FileDescriptor: Sendable {
  /// The number, valid for as long as this object lives.
  package let raw: Int32

  /// Takes over a descriptor that is open and belongs to nobody else.
  package init(adopting raw: Int32) {
    self.raw = raw
  }

  deinit {
    _ = close(raw)
  }

  /// Opens a file, always with `O_CLOEXEC` and `O_NOCTTY`; `flags` are those of `OpenFlags`.
  package static func open(
    _ path: String, flags: Int32, mode: UInt32 = 0
  ) throws(SystemError) -> FileDescriptor {
    let raw = try syscall("open", path: path) {
      Glibc.open($0, flags | O_CLOEXEC | O_NOCTTY, mode_t(mode))
    }
    return FileDescriptor(adopting: raw)
  }

  /// A second descriptor, close-on-exec, for the same open file.
  package func duplicate() throws(SystemError) -> FileDescriptor {
    FileDescriptor(adopting: try syscall("duplicate descriptor") { fcntl(raw, F_DUPFD_CLOEXEC, 3) })
  }

  /// Switches `O_NONBLOCK`.
  package func setNonBlocking(_ nonBlocking: Bool) throws(SystemError) {
    let flags = try syscall("get descriptor flags") { fcntl(raw, F_GETFL) }
    let wanted = nonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    try syscall("set descriptor flags") { fcntl(raw, F_SETFL, wanted) }
  }

  /// Sets the file's permission bits: fchmod(2).
  package func setMode(_ mode: UInt32) throws(SystemError) {
    try syscall("set mode") { fchmod(raw, mode_t(mode)) }
  }

  /// Writes data and metadata to the disk: fsync(2).
  package func sync() throws(SystemError) {
    try syscall("fsync") { fsync(raw) }
  }

  /// Writes the data to the disk, and of the metadata only what reading it back needs.
  package func syncData() throws(SystemError) {
    try syscall("fdatasync") { fdatasync(raw) }
  }
}
