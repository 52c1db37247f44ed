internal import JSON

/// A compact JWS taken apart, of which nothing but its form is known.
///
/// Three parts, none empty, each exact base64url, a signature of 64 bytes, and a header of exactly
/// the string members `alg`, `typ` and `kid`. The payload stays unread: `payload(signedBy:)` is the
/// only way to it.
struct UnverifiedJWS {
  let algorithm: String
  let type: String
  let kid: String
  /// The payload as it stands in the text: the same text means the same bytes.
  let payloadText: ArraySlice<UInt8>

  private let signingInput: [UInt8]
  private let payload: [UInt8]
  private let signature: [UInt8]

  /// - Parameters:
  ///   - limit: the most bytes the text may have; a longer one is refused unread.
  ///   - code: what a refusal is called.
  init(_ text: [UInt8], limit: Int, code: Refusal.Code) throws(Refusal) {
    guard text.count <= limit else {
      throw Refusal(code, "It has \(text.count) bytes, and at most \(limit) are allowed.")
    }
    let parts = text.split(
      separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      let count = parts.count > 3 ? "more than 3" : "\(parts.count)"
      throw Refusal(code, "It has \(count) parts between dots, not 3.")
    }
    let header = try Self.decode(parts[0], "Header", code)
    payload = try Self.decode(parts[1], "Payload", code)
    signature = try Self.decode(parts[2], "Signature", code)
    guard signature.count == 64 else {
      throw Refusal(code, "Signature: it has \(signature.count) bytes, not 64.")
    }
    payloadText = parts[1]
    signingInput = Array(text[..<parts[1].endIndex])
    (algorithm, type, kid) = try Self.members(of: header, code)
  }

  /// The payload, if the signature over it is the key's; nil otherwise.
  func payload(signedBy key: [UInt8], scheme: any SignatureScheme) -> SignedPayload? {
    guard scheme.isValid(signature: signature, message: signingInput, publicKey: key) else {
      return nil
    }
    return SignedPayload(bytes: payload)
  }

  /// Throws unless the header is that of an artefact of the type.
  func checkHeader(type expected: String, code: Refusal.Code) throws(Refusal) {
    guard algorithm.hasSameUTF8(as: "Ed25519") || algorithm.hasSameUTF8(as: "EdDSA") else {
      throw Refusal(
        code, "Header: \"alg\" is \(algorithm.quoted(limit: 64)), not \"Ed25519\".")
    }
    guard type.hasSameUTF8(as: expected) else {
      throw Refusal(
        code, "Header: \"typ\" is \(type.quoted(limit: 64)), not \(expected.quoted()).")
    }
    guard TextShape.kid.matches(kid) else {
      throw Refusal(code, "Header: \"kid\" is not \(TextShape.kid.description).")
    }
  }

  private static func decode(
    _ part: ArraySlice<UInt8>, _ name: String, _ code: Refusal.Code
  ) throws(Refusal) -> [UInt8] {
    guard !part.isEmpty else { throw Refusal(code, "\(name): it is empty.") }
    guard let bytes = Base64URL.decode(part) else {
      throw Refusal(code, "\(name): it is not exact base64url without padding.")
    }
    return bytes
  }

  private static func members(
    of header: [UInt8], _ code: Refusal.Code
  ) throws(Refusal) -> (algorithm: String, type: String, kid: String) {
    let reader = ClaimReader(part: "Header", code: code)
    let limits = JSON.Limits(maxDepth: 4, maxMembers: 32, allowNegative: false)
    var algorithm: String?
    var type: String?
    var kid: String?
    for member in try reader.object(header, limits: limits) {
      switch member.name {
      case "alg": algorithm = try reader.string(member)
      case "typ": type = try reader.string(member)
      case "kid": kid = try reader.string(member)
      default: throw reader.unknown(member)
      }
    }
    return (
      try reader.required(algorithm, "alg"), try reader.required(type, "typ"),
      try reader.required(kid, "kid")
    )
  }
}

/// A payload whose signature holds. Only `UnverifiedJWS.payload(signedBy:)` makes one, so the
/// compiler sees to it that nothing unsigned is parsed.
struct SignedPayload {
  let bytes: [UInt8]

  fileprivate init(bytes: [UInt8]) {
    self.bytes = bytes
  }
}
