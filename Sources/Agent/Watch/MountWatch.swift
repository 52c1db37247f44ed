internal import Linux

/// Notices mounts coming, going and changing: proc_pid_mountinfo(5), "changes … by poll(2)".
final class MountWatch {
  private var source: EventSource?

  init(loop: EventLoop, changed: @escaping () -> Void) {
    guard let file = try? FileDescriptor.open(Mounts.path, flags: OpenFlags.readOnly) else {
      return
    }
    // The first time it is always ready, which costs one look.
    source = try? loop.watch(file, for: .priority) { _ in changed() }
  }
}
