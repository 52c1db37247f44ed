/// A challenge as a person reads it out or pastes it: who asks, and a code of 60 characters.
///
///     eu-prod retail web-03
///     1041 06H0 R3GM 2C1K 6RT8
///     …
///
/// The first line has the ids of the cluster, the tenant and the agent. The code is in Crockford's
/// base 32 (no I, L, O and U; either case; what sounds or looks like another digit is taken for it):
/// version (6 bits), nonce (128), the ledger's size (32) and the first 64 bits of its head, the host's
/// clock (40, seconds since the epoch), then six check characters over all that and the ids, by the
/// code of bech32m (BIP 350), which notices up to four wrong characters wherever they are.
///
/// White space is anything and anywhere, and hyphens in the code do not count.
package struct ChallengeText: Sendable, Equatable {
  package let identity: Identity
  /// 22 characters of base64url.
  package let nonce: String
  /// Records in the ledger; what is over 4,294,967,295 is that.
  package let ledgerSize: Int64
  /// The first 8 bytes of the ledger's head.
  package let ledgerHead: [UInt8]
  /// The host's wall clock, seconds since the epoch.
  package let wall: Int64

  package static let headBytes = 8
  /// The most bytes that a text is read from.
  package static let maxBytes = 4096

  private static let version = 1
  private static let nonceBytes = 16
  private static let dataCharacters = 54
  private static let characters = dataCharacters + Checksum.length
  private static let groupLength = 4
  private static let groupsPerLine = 5

  /// - Parameter ledgerHead: what is shorter than 8 bytes is filled up with zeros.
  package init(
    identity: Identity, nonce: String, ledgerSize: Int64, ledgerHead: [UInt8], wall: Int64
  ) {
    self.identity = identity
    self.nonce = nonce
    self.ledgerSize = min(max(ledgerSize, 0), Int64(UInt32.max))
    self.ledgerHead = Array((ledgerHead + Array(repeating: 0, count: 8)).prefix(Self.headBytes))
    self.wall = min(max(wall, 0), Timestamp.range.upperBound)
  }

  private var names: String {
    "\(identity.cluster) \(identity.tenant) \(identity.agent)"
  }

  // MARK: Writing

  package var text: String {
    var bits = Bits()
    bits.append(UInt64(Self.version), count: 6)
    for byte in Base64URL.decode(nonce) ?? [] { bits.append(UInt64(byte), count: 8) }
    bits.append(UInt64(ledgerSize), count: 32)
    for byte in ledgerHead { bits.append(UInt64(byte), count: 8) }
    bits.append(UInt64(wall), count: 40)
    let digits = bits.digits + Checksum.of(bits.digits, names: names)
    let groups = stride(from: 0, to: digits.count, by: Self.groupLength).map {
      Crockford.text(digits[$0..<min($0 + Self.groupLength, digits.count)])
    }
    let lines = stride(from: 0, to: groups.count, by: Self.groupsPerLine).map {
      groups[$0..<min($0 + Self.groupsPerLine, groups.count)].joined(separator: " ")
    }
    return ([names] + lines).joined(separator: "\n")
  }

  // MARK: Reading

  /// Why a text is no challenge: a sentence.
  package struct Malformed: Error, Sendable, Equatable {
    package let message: String
  }

  package init(reading text: String) throws(Malformed) {
    guard text.utf8.count <= Self.maxBytes else {
      throw Malformed(message: "It is longer than any challenge.")
    }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count > 3 else {
      throw Malformed(
        message: "It needs the cluster, the tenant, the agent, and \(Self.characters) characters.")
    }
    let (cluster, tenant, agent) = (String(words[0]), String(words[1]), String(words[2]))
    let identity: Identity
    do {
      identity = try Identity(cluster: cluster, tenant: tenant, agent: agent)
    } catch {
      throw Malformed(message: error.message)
    }
    let digits = try Self.digits(of: words.dropFirst(3))
    let names = "\(cluster) \(tenant) \(agent)"
    guard Checksum.holds(digits, names: names) else {
      throw Self.misread(digits, names: names)
    }
    var bits = BitReader(digits: digits.prefix(Self.dataCharacters))
    guard bits.take(6) == UInt64(Self.version) else {
      throw Malformed(message: "It was made by another version of Holdfast.")
    }
    let nonce = (0..<Self.nonceBytes).map { _ in UInt8(bits.take(8)) }
    let size = bits.take(32)
    let head = (0..<Self.headBytes).map { _ in UInt8(bits.take(8)) }
    self.init(
      identity: identity, nonce: Base64URL.encode(nonce), ledgerSize: Int64(size),
      ledgerHead: head, wall: Int64(bits.take(40)))
  }

  private static func digits(of words: ArraySlice<Substring>) throws(Malformed) -> [UInt8] {
    var digits: [UInt8] = []
    for character in words.joined() where character != "-" {
      guard let digit = Crockford.digit(character) else {
        throw Malformed(
          message: "The code has a character that does not belong in it, after "
            + "\(digits.count) good ones.")
      }
      digits.append(digit)
    }
    guard digits.count == characters else {
      throw Malformed(
        message: "The code has \(digits.count) characters, and it has to be \(characters): "
          + "\(characters / groupLength) groups of \(groupLength).")
    }
    return digits
  }

  /// Which group is wrong, where one other character would make it all fit.
  private static func misread(_ digits: [UInt8], names: String) -> Malformed {
    var tried = digits
    for index in digits.indices {
      for digit in UInt8(0)..<32 where digit != digits[index] {
        tried[index] = digit
        guard Checksum.holds(tried, names: names) else { continue }
        let start = index - index % groupLength
        let group = start..<start + groupLength
        return Malformed(
          message:
            "Group \(start / groupLength + 1) of the code, \(Crockford.text(digits[group])), "
            + "is wrong; it may be \(Crockford.text(tried[group])).")
      }
      tried[index] = digits[index]
    }
    return Malformed(
      message: "It does not hold together: a name is wrong (capital letters count), or more than "
        + "one character of the code.")
  }
}
