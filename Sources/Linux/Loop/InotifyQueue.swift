internal import Glibc

/// Any number of watched files and directories on one descriptor: inotify(7).
///
/// A watch is a number that belongs to the inode, not to its name: asking for the same inode again
/// gives the same number and adds to what is reported of it. Not even a thousand watches cost this
/// process anything; they are the kernel's.
package final class InotifyQueue {
  private let descriptor: FileDescriptor
  private var source: EventSource?

  /// - Parameter handler: called with the watch that an event is of, or nil where events were lost
  ///   and everything has to be looked at again.
  package init(
    loop: EventLoop, handler: @escaping (Int32?, InotifyEvent) -> Void
  ) throws(SystemError) {
    descriptor = FileDescriptor(
      adopting: try syscall("start inotify") { inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC)) })
    source = try loop.watch(descriptor, for: .in) { [weak self] _ in
      self?.read { watch, event in handler(watch < 0 ? nil : watch, event) }
    }
  }

  /// Watches what is at `path` now. ENOSPC where the kernel's limit is reached
  /// (`fs.inotify.max_user_watches`).
  package func add(_ path: String, _ mask: InotifyMask) throws(SystemError) -> Int32 {
    let added = mask.union(.addToMask).rawValue
    return try syscall("watch", path: path) { inotify_add_watch(descriptor.raw, $0, added) }
  }

  /// Ends a watch; one that ended by itself is fine.
  package func remove(_ watch: Int32) {
    _ = inotify_rm_watch(descriptor.raw, watch)
  }

  /// Hands out what is there now, a bounded piece: who makes events without end does not keep the
  /// loop from anything else.
  private func read(_ handler: (Int32, InotifyEvent) -> Void) {
    guard let bytes = (try? descriptor.tryRead(upTo: 16 << 10)) ?? nil else { return }
    var rest = bytes[...]
    while let (watch, event, size) = InotifyEvent.parse(rest) {
      handler(watch, event)
      rest = rest.dropFirst(size)
    }
  }
}
