internal import AgentToken
internal import JSON

/// A token that was made, for who asked for it.
struct SecretText {
  /// What its file is called, and what stands before it in a list.
  let name: String
  let text: String
  /// What the reply says of it; its `text` is the secret.
  let json: JSON

  /// To files where they are asked for, else to standard output: one as it is, several with their
  /// names before them.
  ///
  /// - Parameters:
  ///   - several: whether several were asked for, whatever came of it.
  ///   - others: what the reply says of those that were not made.
  static func hand(
    _ secrets: [SecretText], to output: String?, several: Bool, others: [JSON] = [],
    members: [JSON.Member] = [], _ console: Console
  ) throws(Refusal) {
    var items: [JSON] = []
    if let output {
      var downloads = try Downloads(output, several: several)
      for secret in secrets {
        let path = try downloads.write(secret.text, for: secret.name)
        let rest = (secret.json.members ?? []).filter { $0.name != "text" }
        items.append(.object(rest + [.init(name: "output", value: .string(path))]))
        console.note("\(secret.name) is in \(path).")
      }
      guard console.json else { return }
    } else {
      items = secrets.map(\.json)
    }
    let lines = secrets.map { several ? "\($0.name) \($0.text)" : $0.text }
    guard console.json || !lines.isEmpty else { return }
    try console.report(
      lines.joined(separator: "\n"),
      [.init(name: "items", value: .array(items + others))] + members)
  }
}
