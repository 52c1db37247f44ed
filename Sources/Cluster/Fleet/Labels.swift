package import AgentToken
internal import Issuing
internal import JSON

/// What people mark agents with, NAME=VALUE, to tell which are alike.
package enum Labels {
  package static let most = 32

  /// - Throws: `invalid_request`.
  package static func check(_ labels: [String: String]) throws(Refusal) {
    guard labels.count <= most else {
      throw Refusal(.invalid, "An agent has at most \(most) labels, not \(labels.count).")
    }
    for (name, value) in labels.sorted(by: { $0.key < $1.key }) { try check(name, value) }
  }

  /// - Parameter label: NAME=VALUE, as profiles are assigned to it.
  static func check(assignment label: String) throws(Refusal) {
    let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw Refusal(.invalid, "The label \(label.quoted(limit: 64)) is not NAME=VALUE.")
    }
    try check(String(parts[0]), String(parts[1]))
  }

  private static func check(_ name: String, _ value: String) throws(Refusal) {
    guard (1...63).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed) else {
      throw Refusal(
        .invalid,
        "The label's name \(name.quoted(limit: 64)) is not 1 to 63 of A-Z a-z 0-9 . _ / -")
    }
    guard value.utf8.count <= 63, value.utf8.allSatisfy(isAllowed) else {
      throw Refusal(
        .invalid,
        "The value \(value.quoted(limit: 64)) of the label \(name) is not at most 63 of "
          + "A-Z a-z 0-9 . _ / -")
    }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "/"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
