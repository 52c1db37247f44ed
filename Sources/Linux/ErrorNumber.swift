internal import Glibc

/// The error numbers that other modules compare with or make: errno(3).
package enum ErrorNumber {
  /// ENOENT
  package static let noSuchFile = ENOENT
  /// ENOTDIR
  package static let notADirectory = ENOTDIR
  /// EISDIR
  package static let isADirectory = EISDIR
  /// EACCES
  package static let accessDenied = EACCES
  /// EPERM
  package static let notPermitted = EPERM
  /// EINVAL
  package static let invalidArgument = EINVAL
  /// EFBIG
  package static let fileTooLarge = EFBIG
  /// EIO
  package static let inputOutput = EIO
  /// EROFS
  package static let readOnlyFileSystem = EROFS
  /// ENOSPC
  package static let noSpace = ENOSPC
  /// ELOOP
  package static let tooManySymlinks = ELOOP
  /// ENOEXEC
  package static let notExecutable = ENOEXEC
  /// EPIPE
  package static let brokenPipe = EPIPE
  /// ECONNREFUSED
  package static let connectionRefused = ECONNREFUSED
  /// ECANCELED
  package static let canceled = ECANCELED
}
