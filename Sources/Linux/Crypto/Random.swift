internal import CSodium

/// The kernel's random numbers, through libsodium.
package enum Random {
  /// Bytes that nobody can predict.
  package static func bytes(_ count: Int) -> [UInt8] {
    _ = Sodium.isReady
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }
}
