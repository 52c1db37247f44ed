internal import Glibc

extension SystemError {
  /// The file system is mounted read-only.
  package var isReadOnly: Bool { errno == EROFS }

  /// There is no space left, or no quota.
  package var isDiskFull: Bool { errno == ENOSPC || errno == EDQUOT }

  /// The file system has no inode flags, or not this one (ioctl_iflags(2)).
  package var isUnsupportedFlag: Bool { errno == ENOTTY || errno == EOPNOTSUPP || errno == ENOSYS }

  /// A deadline of the socket passed (SO_RCVTIMEO in socket(7)).
  package var isTimeout: Bool { errno == EAGAIN || errno == ETIMEDOUT }

  /// There is no such file, or no such process.
  package var isMissing: Bool { errno == ENOENT || errno == ENOTDIR || errno == ESRCH }

  /// The disk is full, or the quota.
  package var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// The file system cannot set space aside (fallocate(2)).
  package var isNoReserve: Bool { errno == EOPNOTSUPP || errno == ENOSYS }

  /// The path leads to something that is no regular file.
  package var isWrongKind: Bool { [ELOOP, ENOTDIR, EINVAL, EISDIR].contains(errno) }
}
