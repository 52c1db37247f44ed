internal import Glibc

extension SystemError {
  /// The file system is mounted read-only.
  package var isReadOnly: Bool { errno == EROFS }

  /// The file system has no inode flags, or not this one (ioctl_iflags(2)).
  package var isUnsupportedFlag: Bool { errno == ENOTTY || errno == EOPNOTSUPP || errno == ENOSYS }

  /// A deadline of the socket passed (SO_RCVTIMEO in socket(7)).
  package var isTimeout: Bool { errno == EAGAIN || errno == ETIMEDOUT }

  /// There is no such file, or no such process.
  package var isMissing: Bool { errno == ENOENT || errno == ENOTDIR || errno == ESRCH }
}
