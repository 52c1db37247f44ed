package import AgentToken
internal import JSON
internal import Linux

extension Issuer {
  /// Revokes a token by its id: hosts with the new bundle refuse it.
  ///
  /// - Returns: the bundle in force; `changed` is false where it was revoked already.
  package func revokeToken(
    _ jti: String, passphrase: Passphrase? = nil, waiting: () -> Void = {}
  ) throws(Refusal) -> (bundle: TrustBundle, changed: Bool) {
    let isToken = jti.utf8.split(separator: UInt8(ascii: ".")).count == 3
    guard (16...64).contains(jti.utf8.count), jti.utf8.allSatisfy(Self.isAllowed) else {
      throw Refusal(
        .invalid,
        "\(jti.quoted(limit: 64)) is not a token's id: 16 to 64 of A-Z a-z 0-9 _ -",
        hint: isToken ? "That is a token. Its id was shown when it was issued." : nil)
    }
    var changed = false
    let bundle = try revise(passphrase: passphrase, waiting: waiting) {
      (current) throws(Refusal) in
      guard !current.revoked.jtis.contains(jti) else { return nil }
      changed = true
      var draft = BundleDraft(
        following: current, issuedAt: surroundings.now(), above: try floor())
      draft.revoke(jti: jti)
      return Revision(draft: draft)
    }
    return (bundle, changed)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
