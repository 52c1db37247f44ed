internal import JSON

extension ArtefactType {
  /// Opens the host's own stored copy, at start: verified once more, with the key stored beside it.
  ///
  /// - Throws: the kind's `_malformed`, `_unknown_key`, `_bad_signature`.
  func reopen(
    _ text: [UInt8], signer: SigningKey, scheme: any SignatureScheme
  ) throws(Refusal) -> (jws: UnverifiedJWS, payload: SignedPayload) {
    let jws = try UnverifiedJWS(text, limit: Self.maxBytes, code: malformed)
    try jws.checkHeader(type: rawValue, code: malformed)
    guard jws.kid.hasSameUTF8(as: signer.kid), signer.role == role else {
      throw refusal(unknownKey, "The key \(signer.kid.quoted()) did not sign it.")
    }
    guard let payload = jws.payload(signedBy: signer.x, scheme: scheme) else {
      throw refusal(
        badSignature, "The signature is not that of the key \(signer.kid.quoted()).")
    }
    return (jws, payload)
  }
}
