/// time_namespaces(7): a process in one of its own has another CLOCK_BOOTTIME than the machine.
package enum TimeNamespace {
  /// Whether this process's is another than that of PID 1; nil where that cannot be found out, as
  /// without leave to look at PID 1. Never where the kernel has none.
  package static func differsFromFirstProcess() -> Bool? {
    guard Files.exists("/proc/self/ns/time") else { return false }
    guard let own = try? Files.readLink("/proc/self/ns/time"),
      let first = try? Files.readLink("/proc/1/ns/time")
    else { return nil }
    return own != first
  }
}
