internal import Glibc

/// Stream sockets in the file system: unix(7).
package enum UnixSocket {
  /// A socket that listens at a path, with exactly this mode. One that is there already is
  /// replaced; any other file there is EADDRINUSE. It does not block.
  package static func listen(
    _ path: String, mode: UInt32 = 0o600, uid: UInt32? = nil, gid: UInt32? = nil,
    backlog: Int32 = 128
  ) throws(SystemError) -> FileDescriptor {
    let listener = try make(SOCK_NONBLOCK)
    if let there = try Files.status(path), there.kind == .other { try Files.remove(path) }
    // The name appears with this mode less the umask, so never with more than asked for.
    try listener.setMode(mode)
    try withAddress(path, "listen") { Glibc.bind(listener.raw, $0, $1) }
    if uid != nil || gid != nil { try Files.chown(path, uid: uid, gid: gid) }
    try Files.chmod(path, mode)
    try syscall("listen \(path)") { Glibc.listen(listener.raw, backlog) }
    return listener
  }

  /// The next connection, which does not block; nil where nobody waits.
  package static func accept(_ listener: Int32) throws(SystemError) -> FileDescriptor? {
    while true {
      do throws(SystemError) {
        let raw = try syscall("accept") {
          accept4(
            listener, __SOCKADDR_ARG(__sockaddr__: nil), nil,
            Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
        }
        return FileDescriptor(adopting: raw)
      } catch {
        if error.errno == EAGAIN { return nil }
        // Whoever it was has left; there may be a next.
        if error.errno != ECONNABORTED { throw error }
      }
    }
  }

  /// As for a number.
  package static func accept(_ listener: FileDescriptor) throws(SystemError) -> FileDescriptor? {
    try accept(listener.raw)
  }

  /// A connection that blocks. With a timeout, connecting, each read and each write fail with
  /// EAGAIN once they took so long.
  package static func connect(
    _ path: String, timeout microseconds: UInt64? = nil
  ) throws(SystemError) -> FileDescriptor {
    let socket = try make(nil)
    if let microseconds {
      for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
        var time = timeval(
          tv_sec: Int(clamping: microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        try syscall("set timeout") {
          setsockopt(
            socket.raw, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
      }
    }
    try withAddress(path, "connect to") { Glibc.connect(socket.raw, $0, $1) }
    return socket
  }

  /// Two sockets that are connected with each other and block.
  package static func pair() throws(SystemError) -> (FileDescriptor, FileDescriptor) {
    var raw: [Int32] = [-1, -1]
    try syscall("socketpair") {
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &raw)
    }
    return (FileDescriptor(adopting: raw[0]), FileDescriptor(adopting: raw[1]))
  }

  /// Says that no more will be written; the other end reads up to there and then finds the end.
  package static func finishWriting(_ socket: FileDescriptor) throws(SystemError) {
    try syscall("shutdown") { shutdown(socket.raw, Int32(SHUT_WR)) }
  }

  private static func make(_ flags: __socket_type?) throws(SystemError) -> FileDescriptor {
    let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (flags?.rawValue ?? 0)
    return FileDescriptor(adopting: try syscall("socket") { socket(AF_UNIX, Int32(type), 0) })
  }

  /// Calls the body with the address of a path. ENAMETOOLONG for more than 107 bytes.
  static func withAddress(
    _ path: String, _ operation: String,
    _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Int32
  ) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    if name.isEmpty || name.contains(0) {
      throw SystemError(errno: EINVAL, operation: "\(operation) \(path)")
    }
    if name.count >= MemoryLayout.size(ofValue: address.sun_path) {
      throw SystemError(errno: ENAMETOOLONG, operation: "\(operation) \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    try syscall("\(operation) \(path)") {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body(
            __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
  }
}
