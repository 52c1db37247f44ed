internal import CSystemd
internal import Glibc

/// What a descriptor is ready for: epoll_ctl(2).
package struct IOEvents: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// There is something to read, or the end of it.
  package static let `in` = IOEvents(rawValue: EPOLLIN.rawValue)
  /// There is room to write.
  package static let out = IOEvents(rawValue: EPOLLOUT.rawValue)
  /// Both ends are shut. Always reported, asked for or not.
  package static let hangup = IOEvents(rawValue: EPOLLHUP.rawValue)
  /// An error is waiting. Always reported, asked for or not.
  package static let error = IOEvents(rawValue: EPOLLERR.rawValue)
  /// Something urgent: what a changed /proc, cgroup or sysfs file reports.
  package static let priority = IOEvents(rawValue: EPOLLPRI.rawValue)
}
