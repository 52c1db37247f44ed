internal import AgentToken
internal import JSON

/// What a stored bundle says of itself, before anybody checked it: which key to check it with.
struct UnverifiedBundle {
  /// The id of the root that is said to have signed it.
  let kid: String
  /// The JWK that the bundle lists for that root; nil where it lists none.
  let root: JSON?

  /// - Returns: nil where the text is no such JWS at all.
  init?(_ jws: [UInt8]) {
    let parts = jws.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3,
      let header = Self.json(parts[0]), let kid = header["kid"]?.string,
      let payload = Self.json(parts[1])
    else { return nil }
    self.kid = kid
    root = payload["roots"]?.array?.first { $0["kid"]?.string?.hasSameUTF8(as: kid) == true }
  }

  private static func json(_ part: ArraySlice<UInt8>) -> JSON? {
    Base64URL.decode(Array(part)).flatMap { try? JSON.parse($0) }
  }
}
