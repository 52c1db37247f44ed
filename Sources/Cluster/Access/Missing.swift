package import AgentToken
internal import JSON

extension Refusal {
  /// The one answer for what is not there and for what the caller may not know of.
  ///
  /// - Parameter kind: `account`, `tenant`, …
  package static func missing(_ kind: String, _ id: String) -> Refusal {
    Refusal(.notFound, "There is no \(kind) \(id.quoted()).")
  }
}
