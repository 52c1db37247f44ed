internal import Ledger
internal import Linux

/// The key that signs where the ledger stands: made when this host enrols, kept in the vault, and handed
/// to nobody.
final class LedgerKey {
  static let name = "ledger.key"

  private var pair: KeyPair?
  private let vault: StateVault

  init(vault: StateVault) {
    self.vault = vault
    pair = vault.places[0].read(Self.name).flatMap(Self.decode)
  }

  var isThere: Bool { pair != nil }

  /// Makes one where there is none.
  func make() throws(SystemError) {
    guard pair == nil else { return }
    let new = KeyPair.generate()
    try vault.write(Self.name, Self.encode(new))
    pair = new
  }

  /// What the file should hold.
  var content: [UInt8]? { pair.map(Self.encode) }

  /// The public half, under a log's name.
  func key(of origin: String) -> CheckpointKey? {
    pair.map { CheckpointKey(name: origin, publicKey: $0.publicKey) }
  }

  func sign(_ checkpoint: Checkpoint) -> String? { pair.map(checkpoint.signed) }

  private static func encode(_ pair: KeyPair) -> [UInt8] {
    Array((Hex.encode(pair.seed) + "\n").utf8)
  }

  private static func decode(_ bytes: [UInt8]) -> KeyPair? {
    guard bytes.last == 10 else { return nil }
    return Hex.decode(String(decoding: bytes.dropLast(), as: UTF8.self)).flatMap(
      KeyPair.init(seed:))
  }
}
