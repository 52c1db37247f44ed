internal import CLinux
internal import Glibc

/// A file's extended attributes: xattr(7). Access lists, capabilities, security labels and what
/// users set.
enum ExtendedAttributes {
  /// The most that the kernel takes, for the list of names and for one value: 64 KiB.
  private static let limit = 64 << 10

  /// The names; none where the file system has no such thing.
  static func names(_ file: FileDescriptor) -> [String] {
    var buffer = [CChar](repeating: 0, count: limit)
    let length = flistxattr(file.raw, &buffer, buffer.count)
    return buffer.prefix(max(length, 0)).split(separator: 0).map { name in
      String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// A value; nil where there is none, or it may not be read.
  static func value(_ name: String, of file: FileDescriptor) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: limit)
    let length = fgetxattr(file.raw, name, &buffer, buffer.count)
    return length < 0 ? nil : Array(buffer.prefix(length))
  }

  static func set(
    _ name: String, _ value: [UInt8], of file: FileDescriptor
  ) throws(SystemError) {
    try syscall("set attribute \(name)") { fsetxattr(file.raw, name, value, value.count, 0) }
  }
}
