internal import Glibc

extension Users {
  /// The name of the user with this id, asking the name service: getpwuid_r(3). That can wait for a
  /// network, so it is not for the daemon. Nil where nobody has that number.
  package static func nameFromService(id: UInt32) -> String? {
    var buffer = [CChar](repeating: 0, count: 1024)
    while true {
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      switch getpwuid_r(id, &entry, &buffer, buffer.count, &found) {
      case 0: return found?.pointee.pw_name.map { String(cString: $0) }
      case EINTR: continue
      case ERANGE where buffer.count < 1 << 20:
        buffer = [CChar](repeating: 0, count: buffer.count * 2)
      default: return nil
      }
    }
  }
}
