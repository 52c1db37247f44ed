internal import CSodium
internal import Glibc

/// SHA-256: FIPS 180-4.
package enum SHA256Hash {
  /// The hash: 32 bytes.
  package static func of(_ bytes: [UInt8]) -> [UInt8] {
    _ = Sodium.isReady
    var hash = [UInt8](repeating: 0, count: 32)
    crypto_hash_sha256(&hash, bytes, UInt64(bytes.count))
    return hash
  }

  /// The hash of a file's content, read 1 MiB at a time; a last symlink is followed.
  ///
  /// - Parameter goingOn: called after each MiB.
  package static func ofFile(
    _ path: String, goingOn: () -> Void = {}
  ) throws(SystemError) -> [UInt8] {
    let file = try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
    do throws(SystemError) {
      return try of(rest: file, goingOn: goingOn)
    } catch {
      throw SystemError(errno: error.errno, operation: "read \(path)")
    }
  }

  /// The hash of an open file from where it stands to its end.
  package static func of(
    rest file: FileDescriptor, goingOn: () -> Void = {}
  ) throws(SystemError) -> [UInt8] {
    var hasher = SHA256Hasher()
    while true {
      let bytes = try file.read(upTo: 1 << 20)
      if bytes.isEmpty { return hasher.finish() }
      hasher.update(bytes)
      goingOn()
    }
  }

  /// A hash, as `of` and `ofFile` return it, as 64 lower-case hexadecimal digits.
  package static func hex(_ hash: [UInt8]) -> String {
    Hex.encode(hash)
  }
}

/// SHA-256 of what comes in pieces.
package struct SHA256Hasher {
  private var state = crypto_hash_sha256_state()

  package init() {
    _ = Sodium.isReady
    crypto_hash_sha256_init(&state)
  }

  package mutating func update(_ bytes: [UInt8]) {
    crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count))
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { buffer in
      _ = crypto_hash_sha256_update(&state, buffer.baseAddress, UInt64(buffer.count))
    }
  }

  /// The hash: 32 bytes. Nothing may be added after it.
  package mutating func finish() -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: 32)
    crypto_hash_sha256_final(&state, &hash)
    return hash
  }
}
