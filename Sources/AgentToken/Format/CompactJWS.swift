package import JSON

/// The compact serialisation of a JWS (RFC 7515, section 7.1), for those who sign.
package enum CompactJWS {
  /// - Parameter sign: gets the signing input, returns the 64 bytes of an Ed25519 signature.
  package static func make(header: JSON, payload: JSON, sign: ([UInt8]) -> [UInt8]) -> String {
    make(header: header.encodedBytes(), payload: payload.encodedBytes(), sign: sign)
  }

  /// The same with header and payload byte for byte as they are to stand.
  package static func make(
    header: [UInt8], payload: [UInt8], sign: ([UInt8]) -> [UInt8]
  ) -> String {
    var text = Base64URL.encodedBytes(header)
    text.append(UInt8(ascii: "."))
    text += Base64URL.encodedBytes(payload)
    let signature = sign(text)
    text.append(UInt8(ascii: "."))
    text += Base64URL.encodedBytes(signature)
    return String(decoding: text, as: UTF8.self)
  }
}
