internal import Glibc

/// Passing descriptors over a UNIX socket: SCM_RIGHTS in unix(7).
enum Descriptors {
  /// Sends one descriptor and nothing else.
  static func send(
    _ descriptor: FileDescriptor, on socket: FileDescriptor, _ flags: Int32
  ) throws(SystemError) {
    // CMSG_SPACE(sizeof(int)): the header, and the number filled up to a multiple of 8.
    let header = MemoryLayout<cmsghdr>.size
    var control = [UInt64](repeating: 0, count: (header + 8) / 8)
    try syscall("send a descriptor") {
      control.withUnsafeMutableBytes { control in
        var first = cmsghdr()
        first.cmsg_len = header + MemoryLayout<Int32>.size
        first.cmsg_level = SOL_SOCKET
        first.cmsg_type = Int32(SCM_RIGHTS)
        control.storeBytes(of: first, as: cmsghdr.self)
        control.storeBytes(of: descriptor.raw, toByteOffset: header, as: Int32.self)
        var message = msghdr()
        message.msg_control = control.baseAddress
        message.msg_controllen = control.count
        return sendmsg(socket.raw, &message, flags)
      }
    }
  }
}
