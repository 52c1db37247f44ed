internal import Glibc

/// Internet addresses as text and as bytes: inet_pton(3).
package enum IPAddress {
  /// 4 or 16 bytes; nil for what is no address.
  package static func bytes(of text: String) -> [UInt8]? {
    for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: length)
      if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }
}
