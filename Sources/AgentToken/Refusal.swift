package import JSON

/// Why something is not done, as a value: a stable code, a sentence for a person, and what to do
/// next.
package struct Refusal: Error, Sendable, Equatable {
  package let code: Code
  /// A sentence. Whatever it quotes from outside is escaped.
  package let message: String
  package let hint: String?

  /// - Parameter hint: where nil, the code's own.
  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint ?? code.hint
  }

  /// The `error` member of a reply: `code`, `message`, and `hint` where there is one.
  package var json: JSON {
    var members = [
      JSON.Member(name: "code", value: .string(code.rawValue)),
      JSON.Member(name: "message", value: .string(message)),
    ]
    if let hint { members.append(JSON.Member(name: "hint", value: .string(hint))) }
    return .object(members)
  }
}

extension Refusal: CustomStringConvertible {
  package var description: String {
    "\(code.rawValue): \(message)"
  }
}

extension Refusal {
  /// There is no trust to verify a token with, and never was.
  package static let notEnrolled = Refusal(
    .notEnrolled, "This host is not enrolled with a cluster, so no token can be verified.")

  /// The host was enrolled, and nothing of its trust is left.
  package static let trustMissing = Refusal(
    .trustMissing,
    "Both copies of this host's trust are gone, so no token can be verified: "
      + "the way out is the rescue boot.")
}
