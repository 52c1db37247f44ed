internal import Glibc

extension FileDescriptor {
  /// Reads at most `count` bytes; none at the end of the file.
  package func read(upTo count: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(SystemError) {
        initialized = try syscall("read") { Glibc.read(raw, buffer.baseAddress, count) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// As `read(upTo:)`, but nil where there is nothing to read yet on a non-blocking descriptor.
  package func tryRead(upTo count: Int) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      return try read(upTo: count)
    } catch {
      if error.errno == EAGAIN { return nil }
      throw error
    }
  }

  /// Reads up to the end of the file; more than `limit` bytes is EFBIG.
  package func readAll(limit: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try read(upTo: min(64 << 10, limit - bytes.count + 1))
      if piece.isEmpty { return bytes }
      bytes += piece
      if bytes.count > limit { throw SystemError(errno: EFBIG, operation: "read") }
    }
  }

  /// Writes what the kernel takes in one call, and says how much that was.
  package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    try syscall("write") {
      bytes.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
    }
  }

  /// As `write(_:)`, but nil where the descriptor is non-blocking and takes nothing now.
  package func tryWrite(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int? {
    do throws(SystemError) {
      return try write(bytes)
    } catch {
      if error.errno == EAGAIN { return nil }
      throw error
    }
  }

  /// Writes every byte; for descriptors that block.
  package func writeAll(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(try write(rest))
    }
  }
}
