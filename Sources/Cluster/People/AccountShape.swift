internal import AgentToken
internal import Issuing
internal import JSON

/// What names and passwords of accounts may be.
enum AccountShape {
  /// Lower case only, so that no two names differ by what one overlooks.
  static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._@+-".utf8.contains(byte)
        }
      }
  }

  /// - Throws: `invalid_request`.
  static func check(name: String) throws(Refusal) {
    guard isName(name) else {
      throw Refusal(
        .invalid, "The name \(name.quoted(limit: 64)) is not 1 to 64 of a-z 0-9 . _ @ + -.")
    }
  }

  /// More bytes than this are not even hashed.
  static let longestPassword = 1024

  /// Long rather than colourful (NIST SP 800-63B, section 3.1.1).
  ///
  /// - Throws: `invalid_request`.
  static func check(password: String, of name: String) throws(Refusal) {
    guard password.unicodeScalars.count >= 12, password.utf8.count <= longestPassword else {
      throw Refusal(
        .invalid, "A password has at least 12 characters, and at most \(longestPassword) bytes.")
    }
    guard password.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw Refusal(.invalid, "The password has control characters in it.")
    }
    guard password.lowercased() != name else {
      throw Refusal(.invalid, "The password is the account's name.")
    }
  }
}
