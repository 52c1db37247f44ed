internal import CLinux
internal import Glibc

/// Memory behind a descriptor that can be handed on, written by whoever made it and by nobody else:
/// memfd_create(2), sealed with F_SEAL_FUTURE_WRITE (fcntl(2)) once it is mapped here.
///
/// It lives for as long as somebody holds the descriptor, such as the service manager in its store,
/// and so outlives a process that is killed.
package final class SharedMemory {
  package let descriptor: FileDescriptor
  private let bytes: UnsafeMutableRawBufferPointer

  /// - Parameters:
  ///   - name: shown in /proc/PID/fd.
  ///   - size: bytes, all zero at first.
  package init(name: String, size: Int) throws(SystemError) {
    let raw = try syscall("make memory") { hf_memfd_create(name) }
    let descriptor = FileDescriptor(adopting: raw)
    try descriptor.truncate(to: Int64(size))
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.raw, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemError(errno: errno, operation: "map memory")
    }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
    self.descriptor = descriptor
    // Without the seal it is as good, but for those who look for it in /proc.
    _ = hf_seal_memory(descriptor.raw)
  }

  deinit { _ = munmap(bytes.baseAddress, bytes.count) }

  /// Writes bytes at an offset; what does not fit is left out.
  package func write(_ new: [UInt8], at offset: Int) {
    let count = min(new.count, max(0, bytes.count - offset))
    guard count > 0, let place = bytes.baseAddress?.advanced(by: offset) else { return }
    new.withUnsafeBytes { source in
      if let base = source.baseAddress { place.copyMemory(from: base, byteCount: count) }
    }
  }

  /// Eight bytes of it, for a signal handler; nil where they are not in it, or not aligned.
  func integer(at offset: Int) -> UnsafeMutablePointer<UInt64>? {
    guard offset >= 0, offset % 8 == 0, offset + 8 <= bytes.count else { return nil }
    return bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt64.self)
  }
}
