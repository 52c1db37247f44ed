package import AgentToken
internal import Linux

/// What seals the private keys. Never empty, at most 1,024 bytes.
package struct Passphrase: Sendable, Equatable {
  let bytes: [UInt8]

  static let maximumLength = 1024

  /// Takes what was typed, or what a file holds; one line end at the end of it does not count.
  ///
  /// - Throws: `invalid_request` where it is empty or too long.
  package init(_ text: [UInt8]) throws(Refusal) {
    var bytes = text
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }
    guard !bytes.isEmpty else { throw Refusal(.invalid, "the passphrase is empty") }
    guard bytes.count <= Self.maximumLength else {
      throw Refusal(
        .invalid, "the passphrase is longer than \(Self.maximumLength) bytes")
    }
    self.bytes = bytes
  }

  /// Reads a passphrase from the first and only line of a file, which may be a pipe.
  package static func read(from path: String) throws(Refusal) -> Passphrase {
    let text: [UInt8]
    do {
      // Not `Files.read`, which does not wait for what a pipe has yet to deliver.
      text = try FileDescriptor.open(path, flags: 0).readAll(limit: maximumLength + 2)
    } catch {
      throw Refusal(error, "read the passphrase file \(path)")
    }
    return try Passphrase(text)
  }
}
