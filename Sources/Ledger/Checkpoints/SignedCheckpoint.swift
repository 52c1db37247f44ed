internal import Linux

/// A checkpoint as somebody handed it in: a signed note (C2SP signed-note) whose signatures are still
/// to be looked at.
package struct SignedCheckpoint: Sendable, Equatable {
  package let checkpoint: Checkpoint
  private let text: String
  private let signatures: [Signature]

  private struct Signature: Equatable {
    let name: String
    let bytes: [UInt8]
  }

  /// What a signature is worth to who has a key.
  package enum Validity: Sendable, Equatable {
    case valid
    /// The key's own signature, and it is wrong.
    case invalid
    /// None of the signatures is of that key.
    case unknownKey
  }

  /// More than this many bytes are not read.
  package static let maxBytes = 1 << 20
  private static let maxSignatures = 64

  /// Reads notes that stand one behind the other, empty lines between them or not; nil where
  /// anything else is among them.
  package static func parse(_ bytes: [UInt8]) -> [SignedCheckpoint]? {
    guard bytes.count <= maxBytes, let text = String(validating: bytes, as: UTF8.self),
      !bytes.contains(where: { $0 < 0x20 && $0 != 10 })
    else { return nil }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    var notes: [SignedCheckpoint] = []
    while true {
      lines = lines.drop { $0.isEmpty }
      if lines.isEmpty { return notes }
      let body = lines.prefix { !$0.isEmpty }
      lines = lines.dropFirst(body.count + 1)
      let marks = lines.prefix { $0.hasPrefix("\u{2014} ") }
      lines = lines.dropFirst(marks.count)
      guard let note = SignedCheckpoint(body.joined(separator: "\n") + "\n", marks) else {
        return nil
      }
      notes.append(note)
    }
  }

  private init?(_ text: String, _ marks: some Collection<Substring>) {
    guard (1...Self.maxSignatures).contains(marks.count), let checkpoint = Checkpoint(text: text)
    else { return nil }
    self.checkpoint = checkpoint
    self.text = text
    var signatures: [Signature] = []
    for mark in marks {
      let parts = mark.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 3, !parts[1].isEmpty, !parts[1].contains("+"),
        let bytes = Base64.decode(parts[2]), bytes.count > 4
      else { return nil }
      signatures.append(Signature(name: String(parts[1]), bytes: bytes))
    }
    self.signatures = signatures
  }

  /// Whether the log itself signed it: its key has the log's name.
  package func validity(for key: CheckpointKey) -> Validity {
    guard key.name == checkpoint.origin else { return .unknownKey }
    let its = signatures.filter { $0.name == key.name && $0.bytes.starts(with: key.id) }
    if its.isEmpty { return .unknownKey }
    let message = Array(text.utf8)
    let isValid = its.allSatisfy {
      Ed25519().isValid(
        signature: Array($0.bytes.dropFirst(4)), message: message, publicKey: key.publicKey)
    }
    return isValid ? .valid : .invalid
  }
}
