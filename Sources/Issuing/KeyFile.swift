internal import AgentToken
internal import JSON
internal import Linux

/// One key as it lies on disk: a JWK (RFC 8037) on one line.
///
/// The public part is always readable. The private part is `d` as RFC 8037 has it, or `sealed`,
/// which holds the same 32 bytes under a passphrase, or is not there: whoever keeps a key on
/// another medium leaves only its public part here.
struct KeyFile: Sendable, Equatable {
  enum PrivatePart: Sendable, Equatable {
    case plain(seed: [UInt8])
    case sealed([UInt8])
    case absent
  }

  let kid: String
  let publicKey: [UInt8]
  let privatePart: PrivatePart

  /// Makes the file of a new key, sealed where there is a passphrase.
  init(kid: String, keyPair: KeyPair, passphrase: Passphrase?) throws(Refusal) {
    self.kid = kid
    publicKey = keyPair.publicKey
    guard let passphrase else {
      privatePart = .plain(seed: keyPair.seed)
      return
    }
    do {
      privatePart = .sealed(try SealedBox.seal(keyPair.seed, passphrase: passphrase.bytes))
    } catch {
      throw Refusal(error, "seal the key \(kid)")
    }
  }

  /// Reads a key file back.
  ///
  /// - Returns: nil where the text is no such JWK, or is another key's.
  init?(_ bytes: [UInt8], kid: String) {
    guard let json = try? JSON.parse(bytes), let members = json.members,
      json["kty"]?.string == "OKP", json["crv"]?.string == "Ed25519",
      json["kid"]?.string?.hasSameUTF8(as: kid) == true,
      let publicKey = Self.binary(json["x"]), publicKey.count == 32
    else { return nil }
    self.kid = kid
    self.publicKey = publicKey
    switch members.map(\.name).filter({ !["kty", "crv", "kid", "x"].contains($0) }) {
    case ["d"]:
      guard let seed = Self.binary(json["d"]), seed.count == 32 else { return nil }
      privatePart = .plain(seed: seed)
    case ["sealed"]:
      guard let box = Self.binary(json["sealed"]) else { return nil }
      privatePart = .sealed(box)
    case []:
      privatePart = .absent
    default:
      return nil
    }
  }

  /// The file's text. Holds the private part: never show it.
  var encoded: [UInt8] {
    var members = publicMembers
    switch privatePart {
    case .plain(let seed): members.append(.init(name: "d", value: .string(Base64URL.encode(seed))))
    case .sealed(let box):
      members.append(.init(name: "sealed", value: .string(Base64URL.encode(box))))
    case .absent: break
    }
    return Array((JSON.object(members).encoded() + "\n").utf8)
  }

  /// The public part, as a bundle's `roots` and a host's `--root FILE` hold it.
  var publicJWK: JSON { .object(publicMembers) }

  /// The key itself.
  ///
  /// - Throws: `passphrase_required`, `passphrase_wrong`, `key_unavailable`, or `issuer_damaged`
  ///   where private and public part do not belong together.
  func open(_ passphrase: Passphrase?) throws(Refusal) -> KeyPair {
    let seed: [UInt8]
    switch privatePart {
    case .plain(let plain):
      seed = plain
    case .sealed(let box):
      guard let passphrase else {
        throw Refusal(
          .passphraseRequired, "the key \(kid) is sealed with a passphrase",
          hint: "Give it with --passphrase-file FILE, or run this on a terminal.")
      }
      guard let opened = SealedBox.open(box, passphrase: passphrase.bytes) else {
        throw Refusal(
          .passphraseWrong, "the passphrase does not open the key \(kid)")
      }
      seed = opened
    case .absent:
      throw Refusal(
        .keyUnavailable, "the private part of \(kid) is not kept in this issuer",
        hint: "Bring the medium that holds it.")
    }
    guard let pair = KeyPair(seed: seed), pair.publicKey == publicKey else {
      throw Refusal(
        .issuerDamaged, "the private and the public part of \(kid) do not belong together",
        hint: "Restore its key file from a backup.")
    }
    return pair
  }

  private var publicMembers: [JSON.Member] {
    [
      .init(name: "kty", value: "OKP"), .init(name: "crv", value: "Ed25519"),
      .init(name: "kid", value: .string(kid)),
      .init(name: "x", value: .string(Base64URL.encode(publicKey))),
    ]
  }

  private static func binary(_ value: JSON?) -> [UInt8]? {
    value?.string.flatMap { Base64URL.decode($0) }
  }
}
