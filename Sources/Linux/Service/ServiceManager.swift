internal import CSystemd
internal import Glibc

/// What systemd and a service tell each other: sd_notify(3), sd_listen_fds(3),
/// sd_watchdog_enabled(3).
package enum ServiceManager {
  /// Tells systemd how the service is: `READY=1`, `STATUS=…`, one assignment per line. False where
  /// nobody listens, as outside a unit.
  @discardableResult
  package static func notify(_ state: String) throws(SystemError) -> Bool {
    try check("notify the service manager", sd_notify(0, state)) > 0
  }

  /// As above, with descriptors for systemd to keep: `FDSTORE=1\nFDNAME=…`
  /// (`FileDescriptorStoreMax=`).
  @discardableResult
  package static func notify(
    _ state: String, descriptors: [FileDescriptor]
  ) throws(SystemError) -> Bool {
    let raw = descriptors.map(\.raw)
    let result = sd_pid_notify_with_fds(0, 0, state, raw, UInt32(raw.count))
    return try withExtendedLifetime(descriptors) { () throws(SystemError) in
      try check("notify the service manager", result) > 0
    }
  }

  /// The sockets, and stored descriptors, that systemd passed on, with their names; all set to not
  /// block, which systemd leaves to `NonBlocking=`. The first call takes them; any further one
  /// finds none.
  package static func listenDescriptors() throws(SystemError) -> [(
    name: String, fd: FileDescriptor
  )] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = try check("take the listening sockets", sd_listen_fds_with_names(1, &names))
    defer {
      for index in 0..<Int(count) { free(names?[index]) }
      free(names)
    }
    var descriptors: [(name: String, fd: FileDescriptor)] = []
    for index in 0..<count {
      let name = names?[Int(index)].map { String(cString: $0) } ?? "unknown"
      let descriptor = FileDescriptor(adopting: SD_LISTEN_FDS_START + index)
      try descriptor.setNonBlocking(true)
      descriptors.append((name, descriptor))
    }
    return descriptors
  }

  /// How often at least systemd wants to hear from the service; nil where it does not watch it. The
  /// loop takes care of that: `EventLoop.enableWatchdog`.
  package static func watchdogMicroseconds() -> UInt64? {
    var interval: UInt64 = 0
    return sd_watchdog_enabled(0, &interval) > 0 ? interval : nil
  }
}
