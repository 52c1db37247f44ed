package import Linux

/// Where a log stood: the text that its key signs (C2SP tlog-checkpoint).
///
///     holdfast/eu-prod/host-1
///     1234
///     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
package struct Checkpoint: Sendable, Equatable {
  /// Which log, which is also the name of its key.
  package let origin: String
  /// How many lines it had.
  package let size: Int64
  /// Their root of RFC 6962: 32 bytes.
  package let root: [UInt8]

  package init(origin: String, size: Int64, root: [UInt8]) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  package init?(origin: String, head: LedgerHead) {
    guard let root = Hex.decode(head.root) else { return nil }
    self.init(origin: origin, size: head.size, root: root)
  }

  package var rootText: String { Hex.encode(root) }

  package var text: String { "\(origin)\n\(size)\n\(Base64.encode(root))\n" }

  /// Reads a note's text; further lines are somebody's extensions, and passed over.
  init?(text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.last == "", lines.dropLast().allSatisfy({ !$0.isEmpty }),
      let size = Int64(lines[1]), size >= 0, "\(size)".utf8.elementsEqual(lines[1].utf8),
      let root = Base64.decode(lines[2]), root.count == 32
    else { return nil }
    self.init(origin: String(lines[0]), size: size, root: root)
  }

  /// The signed note: text, empty line, signature.
  package func signed(by pair: KeyPair) -> String {
    let key = CheckpointKey(name: origin, publicKey: pair.publicKey)
    let signature = key.id + pair.sign(Array(text.utf8))
    return "\(text)\n\u{2014} \(origin) \(Base64.encode(signature))\n"
  }
}

/// The public half of a log's key, with its name (C2SP signed-note).
package struct CheckpointKey: Sendable, Equatable {
  package let name: String
  /// Ed25519, 32 bytes.
  package let publicKey: [UInt8]

  /// The signature type of Ed25519.
  private static let type: UInt8 = 1

  package init(name: String, publicKey: [UInt8]) {
    self.name = name
    self.publicKey = publicKey
  }

  /// What stands before each signature, to find the key by.
  package var id: [UInt8] {
    Array(SHA256Hash.of(Array("\(name)\n".utf8) + [Self.type] + publicKey).prefix(4))
  }

  /// As verifiers of notes take it: `name+id+key`.
  package var text: String {
    "\(name)+\(Hex.encode(id))+\(Base64.encode([Self.type] + publicKey))"
  }

  /// Nil for anything that is no such key, or whose id is another's.
  package init?(text: String) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, let key = Base64.decode(parts[2]),
      key.count == 33, key[0] == Self.type
    else { return nil }
    self.init(name: String(parts[0]), publicKey: Array(key.dropFirst()))
    guard Hex.encode(id).utf8.elementsEqual(parts[1].utf8) else { return nil }
  }
}
