import AgentToken
import Foundation
import Testing

@Suite("Base64URL")
struct Base64URLTests {
  /// RFC 4648, section 10, without the padding, and the two characters of the URL alphabet.
  @Test(
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
      ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("\u{3FB}\u{3FF}", "z7vPvw"),
    ])
  func textsAreThoseOfTheRFC(_ plain: String, _ encoded: String) {
    #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
    #expect(Base64URL.decode(encoded) == Array(plain.utf8))
  }

  @Test func itAgreesWithFoundation() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count &* 31) }
      let expected = Data(bytes).base64EncodedString()
        .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        .replacingOccurrences(of: "=", with: "")
      #expect(Base64URL.encode(bytes) == expected)
      #expect(Base64URL.decode(expected) == bytes)
    }
    #expect(Base64URL.encode([0xFB, 0xFF, 0xFE]) == "-__-")
  }

  @Test(
    arguments: [
      "Zg==", "Zm8=", "Zg=", "Z", "A", "Zm9vY", "Zm9vA", "Zm 9v", "Zm9v\n", " Zm9v", "Zm9+", "Zm9/",
      "Zm9.",
      "Zé==", "\u{0}m9v",
    ])
  func whatIsNotExactIsRefused(_ text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test func onlyOneLastCharacterIsCanonical() {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    // One byte leaves 4 unused bits, two leave 2: one in 16 and one in 4 are canonical.
    #expect(alphabet.filter { Base64URL.decode("Z\($0)") != nil } == "AQgw")
    #expect(alphabet.filter { Base64URL.decode("Zm\($0)") != nil } == "AEIMQUYcgkosw048")
    #expect(alphabet.filter { Base64URL.decode("Zm9\($0)") != nil }.count == 64)
  }

  @Test func onlyTheAlphabetDecodes() {
    let taken = (UInt8.min...UInt8.max).filter { Base64URL.decode([0x41, 0x41, 0x41, $0]) != nil }
    #expect(
      taken
        == Array("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz".utf8))
  }
}
