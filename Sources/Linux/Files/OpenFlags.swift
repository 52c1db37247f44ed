internal import Glibc

/// How `FileDescriptor.open` opens a file, to be combined with `|`: open(2).
package enum OpenFlags {
  package static let readOnly = O_RDONLY
  package static let writeOnly = O_WRONLY
  package static let readWrite = O_RDWR
  /// Every write goes to the end.
  package static let append = O_APPEND
  /// Makes the file where there is none.
  package static let create = O_CREAT
  /// Empties the file.
  package static let truncate = O_TRUNC
  /// ELOOP where the path's last component is a symlink.
  package static let noFollow = O_NOFOLLOW
  /// Waits for nothing, such as for the other end of a FIFO.
  package static let nonBlocking = O_NONBLOCK
}
