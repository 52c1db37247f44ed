internal import CSodium

/// Base64: RFC 4648, section 4, with padding.
package enum Base64 {
  package static func encode(_ bytes: [UInt8]) -> String {
    let length = (bytes.count + 2) / 3 * 4 + 1
    var text = [CChar](repeating: 0, count: length)
    sodium_bin2base64(&text, length, bytes, bytes.count, sodium_base64_VARIANT_ORIGINAL)
    return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The bytes; nil for anything but the one text that stands for them.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let characters = text.utf8.map { CChar(bitPattern: $0) }
    var bytes = [UInt8](repeating: 0, count: characters.count / 4 * 3 + 1)
    var count = 0
    let result = sodium_base642bin(
      &bytes, bytes.count, characters, characters.count, nil, &count, nil,
      sodium_base64_VARIANT_ORIGINAL)
    guard result == 0 else { return nil }
    bytes.removeLast(bytes.count - count)
    return encode(bytes).utf8.elementsEqual(text.utf8) ? bytes : nil
  }
}
