internal import AgentToken
internal import JSON

/// Ids of clusters, tenants and agents, as people give them here.
enum Identifier {
  /// - Parameter name: what the id is of, for the message.
  static func check(_ id: String, _ name: String) throws(Refusal) {
    guard Identity.isValidID(id) else {
      throw Refusal(
        .invalid, "the \(name) \(id.quoted()) is not 1 to 128 of A-Z a-z 0-9 . _ : / -")
    }
  }
}
